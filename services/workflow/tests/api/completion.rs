use chrono::TimeDelta;
use proto::workflow::v1::{self as pb, figure_service_client::FigureServiceClient};
use qinqing_workflow::domain::completion::Completion;
use testkit::TestSuite;

use crate::{trail_log::*, world::*};

/// Numerator, denominator and per mille, as an export of the whole log gives them to whoever has nothing else.
async fn recomputed(app: &TestSuite, as_of: kernel::Timestamp) -> (i64, i64, Option<i64>) {
    let mut completion = Completion::default();
    for record in records(app, &export(app, "").await.unwrap()) {
        if record.entry.time_micros <= as_of.timestamp_micros() {
            completion.take(&record.entry.chain, &record.entry.action);
        }
    }
    let ratio = completion.count().ratio;
    let number = |count: u64| i64::try_from(count).unwrap();
    (
        number(ratio.numerator),
        number(ratio.denominator),
        ratio.per_mille().map(|value| i64::try_from(value).unwrap()),
    )
}

/// The same, as the service publishes it.
async fn published(app: &TestSuite, as_of: kernel::Timestamp) -> (i64, i64, Option<i64>) {
    let auditor = vec![access::RoleGrant::of(access::Role::Auditor)];
    let nanos = i32::try_from(as_of.timestamp_subsec_nanos()).unwrap();
    let request = pb::QueryFiguresRequest {
        figure_ids: vec!["M1".to_owned()],
        as_of_time: Some(prost_types::Timestamp { seconds: as_of.timestamp(), nanos }),
        ..Default::default()
    };
    let mut figures = FigureServiceClient::new(app.person(AUDITOR, auditor));
    let figure = figures.query_figures(request).await.unwrap().into_inner().figures.remove(0);
    (figure.numerator, figure.denominator, figure.per_mille.map(i64::from))
}

both_engines! {
    async fn the_completion_rate_of_an_export_is_the_published_one_at_every_moment(app: TestSuite) {
        let mut moments = Vec::new();
        let tick = |moments: &mut Vec<kernel::Timestamp>| {
            moments.push(app.now());
            app.clock.advance(TimeDelta::minutes(7));
        };
        tick(&mut moments);
        let first = closed(app).await;
        tick(&mut moments);
        for _ in 0..3 {
            closed(app).await;
            submitted(app).await;
        }
        tick(&mut moments);
        owner(app).reopen_issue(&first).await.unwrap();
        tick(&mut moments);
        steel_owner(app).submit(STEEL, "other").await.unwrap();
        tick(&mut moments);
        log_all(app).await;
        let mut seen = Vec::new();
        for as_of in moments {
            let rate = recomputed(app, as_of).await;
            assert_eq!(rate, published(app, as_of).await, "{as_of}");
            seen.push(rate);
        }
        let expected = [(0, 0, None), (1, 1, Some(1_000)), (4, 7, Some(571)), (3, 7, Some(429)), (3, 8, Some(375))];
        assert_eq!(seen, expected);
    }
}
