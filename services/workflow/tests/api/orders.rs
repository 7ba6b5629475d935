use access::{Role, RoleGrant};
use chrono::TimeDelta;
use prost::{Message, Name};
use proto::workflow::v1::{
    self as pb,
    OrderState::{Accepted, Cancelled, Declined, Delivered, Placed, Rated, Scheduled},
    order_service_client::OrderServiceClient,
};
use qinqing_workflow::domain::order::{Event, Order, fold};
use rpc::Bearer;
use testkit::TestSuite;
use tonic::Code;
use uuid::Uuid;

use crate::world::*;

/// A lecturer of the housing department.
pub const LECTURER: kernel::AccountId = account(701);

pub type Client = OrderServiceClient<Bearer>;

pub fn as_role(app: &TestSuite, who: kernel::AccountId, role: RoleGrant) -> Client {
    OrderServiceClient::new(app.person(who, vec![role]))
}

pub fn firm(app: &TestSuite) -> Client {
    as_role(app, OWNER, RoleGrant::enterprise(DAIRY))
}

pub fn other_firm(app: &TestSuite) -> Client {
    as_role(app, STEEL_OWNER, RoleGrant::enterprise(STEEL))
}

pub fn desk(app: &TestSuite) -> Client {
    as_role(app, LIAISON, RoleGrant::liaison(HOUSING))
}

pub fn clerk(app: &TestSuite) -> Client {
    as_role(app, OPERATOR, RoleGrant::of(Role::Operator))
}

fn offering_request(app: &TestSuite) -> pb::CreateOfferingRequest {
    pb::CreateOfferingRequest {
        department_id: HOUSING.to_string(),
        kind: "training".to_owned(),
        title: "安全生产培训".to_owned(),
        audience: "一线职工".to_owned(),
        description: "两小时，现场讲解".to_owned(),
        capacity: 50,
        request_id: app.request_id(),
    }
}

pub async fn offering(app: &TestSuite) -> pb::Offering {
    desk(app).create_offering(offering_request(app)).await.unwrap().into_inner().offering.unwrap()
}

pub async fn offering_of(app: &TestSuite, kind: &str) -> Answer<pb::Offering> {
    let request = pb::CreateOfferingRequest { kind: kind.to_owned(), ..offering_request(app) };
    Ok(desk(app).create_offering(request).await?.into_inner().offering.unwrap())
}

pub fn placement(app: &TestSuite, offering: &pb::Offering) -> pb::PlaceOrderRequest {
    pb::PlaceOrderRequest {
        enterprise_id: DAIRY.to_string(),
        offering_id: offering.offering_id.clone(),
        attendees: 30,
        preferred_date: date("03-12"),
        wish: "希望下午进行".to_owned(),
        request_id: app.request_id(),
    }
}

pub async fn placed(app: &TestSuite) -> pb::Order {
    let request = placement(app, &offering(app).await);
    firm(app).place_order(request).await.unwrap().into_inner().order.unwrap()
}

macro_rules! steps {
    ($($name:ident($request:ident $(, $arg:ident: $type:ty)?) { $($field:ident: $value:expr),* };)*) => {$(
        pub async fn $name(app: &TestSuite, mut who: Client, order: &pb::Order $(, $arg: $type)?) -> Answer<pb::Order> {
            let request = pb::$request {
                order_id: order.order_id.clone(),
                etag: order.etag.clone(),
                request_id: app.request_id(),
                $($field: $value,)*
            };
            Ok(who.$name(request).await?.into_inner().order.unwrap())
        }
    )*};
}

#[expect(clippy::unnecessary_wraps, reason = "the fields of messages that it goes into are optional")]
fn moment(text: &str) -> Option<prost_types::Timestamp> {
    let at: kernel::Timestamp = format!("2026-{}:00+08:00", text.replace(' ', "T")).parse().unwrap();
    Some(rpc::parse::timestamp(at))
}

steps! {
    accept_order(AcceptOrderRequest) {};
    decline_order(DeclineOrderRequest) { reason: "本月已约满".to_owned() };
    schedule_order(ScheduleOrderRequest, start: &str) {
        start_time: moment(start), place: "厂区会议室".to_owned(), responsible_id: LECTURER.to_string(),
        note: "请准备投影".to_owned()
    };
    reschedule_order(RescheduleOrderRequest, start: &str) {
        start_time: moment(start), place: "食堂".to_owned(), responsible_id: LECTURER.to_string(),
        note: String::new(), reason: "讲师有急事".to_owned()
    };
    deliver_order(DeliverOrderRequest) { attendance: 28, note: "已讲解并答疑".to_owned() };
    rate_order(RateOrderRequest, stars: i32) { stars: stars, comment: "很好".to_owned() };
    cancel_order(CancelOrderRequest) { reason: "停产检修".to_owned() };
}

pub async fn scheduled(app: &TestSuite) -> pb::Order {
    let order = accept_order(app, desk(app), &placed(app).await).await.unwrap();
    schedule_order(app, desk(app), &order, "03-12 14:00").await.unwrap()
}

pub async fn delivered(app: &TestSuite) -> pb::Order {
    let order = scheduled(app).await;
    app.clock.set("2026-03-12T16:00:00+08:00".parse().unwrap());
    deliver_order(app, desk(app), &order).await.unwrap()
}

pub async fn get(mut who: Client, order: &pb::Order) -> Answer<pb::Order> {
    let request = pb::GetOrderRequest { order_id: order.order_id.clone() };
    Ok(who.get_order(request).await?.into_inner().order.unwrap())
}

async fn next(mut who: Client, order: &pb::Order) -> Answer<Vec<pb::OrderAction>> {
    let request = pb::ListNextOrderActionsRequest { order_id: order.order_id.clone() };
    Ok(who.list_next_order_actions(request).await?.into_inner().actions().collect())
}

async fn list(mut who: Client, request: pb::ListOrdersRequest) -> Vec<String> {
    let (mut ids, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = pb::ListOrdersRequest { page_size: 2, page_token, ..request.clone() };
        let page = who.list_orders(request).await.unwrap().into_inner();
        ids.extend(page.orders.into_iter().map(|order| order.order_id));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            assert_eq!(i64::try_from(ids.len()).unwrap(), page.total_count);
            return ids;
        }
    }
}

pub async fn trail(mut who: Client, order: &pb::Order) -> Answer<(Vec<pb::OrderTrailEntry>, i64)> {
    let (mut entries, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = pb::GetOrderTrailRequest { order_id: order.order_id.clone(), page_size: 2, page_token };
        let page = who.get_order_trail(request).await?.into_inner();
        entries.extend(page.entries);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            assert_eq!(i64::try_from(entries.len()).unwrap(), page.total_count);
            return Ok((entries, page.broken_at_sequence));
        }
    }
}

/// Names of the events told of orders and offerings, in order.
async fn told(app: &TestSuite) -> Vec<String> {
    let mut tx = db(app).snapshot().await.unwrap();
    let sql = "SELECT type, subject FROM outbox ORDER BY seq";
    let rows = store::rows!(&mut tx, "read the outbox", (String, String), sql).unwrap();
    rows.into_iter().map(|(name, _)| name.rsplit('.').next().unwrap().to_owned()).collect()
}

pub async fn last<M: Message + Name + Default>(app: &TestSuite) -> M {
    let mut tx = db(app).snapshot().await.unwrap();
    let sql = "SELECT data FROM outbox WHERE type = $1 ORDER BY seq DESC LIMIT 1";
    let row = store::row!(&mut tx, "read the outbox", (Vec<u8>,), sql, M::full_name()).unwrap();
    M::decode(row.unwrap().0.as_slice()).unwrap()
}

fn hidden() -> (Code, String) {
    was(Code::NotFound, "ORDER_NOT_FOUND")
}

both_engines! {
    async fn an_order_goes_from_the_placement_to_the_rating(app: TestSuite) {
        let order = placed(app).await;
        assert_eq!((order.state(), order.holder(), order.light()), (Placed, pb::OrderHolder::Liaison, pb::Light::Green));
        assert_eq!((order.offering_title.as_str(), order.wish.as_str()), ("安全生产培训", "希望下午进行"));
        assert_eq!((order.preferred_date, order.attendees), (date("03-12"), 30));
        let order = accept_order(app, desk(app), &order).await.unwrap();
        assert_eq!((order.state(), order.liaison_id.clone()), (Accepted, LIAISON.to_string()));
        let order = schedule_order(app, desk(app), &order, "03-12 14:00").await.unwrap();
        let schedule = order.schedule.clone().unwrap();
        assert_eq!((order.state(), schedule.start_time), (Scheduled, moment("03-12 14:00")));
        assert_eq!((schedule.place.as_str(), schedule.note.as_str()), ("厂区会议室", "请准备投影"));
        let order = reschedule_order(app, desk(app), &order, "03-13 09:00").await.unwrap();
        assert_eq!((order.reschedules, order.schedule.as_ref().unwrap().note.as_str()), (1, ""));
        app.clock.set("2026-03-13T11:00:00+08:00".parse().unwrap());
        let order = deliver_order(app, desk(app), &order).await.unwrap();
        let delivery = order.delivery.clone().unwrap();
        assert_eq!((order.state(), delivery.attendance, delivery.note.as_str()), (Delivered, 28, "已讲解并答疑"));
        let order = rate_order(app, firm(app), &order, 5).await.unwrap();
        assert_eq!((order.state(), order.stars, order.rating_comment.as_str()), (Rated, 5, "很好"));
        assert_eq!((order.light(), order.close_time.is_some()), (pb::Light::Off, true));
        assert_eq!(get(firm(app), &order).await.unwrap(), order);
        let clocks: Vec<_> = order.clocks.iter().map(|clock| (clock.clock.as_str(), clock.void, clock.late)).collect();
        assert_eq!(
            clocks,
            [("O1", false, false), ("O2", false, false), ("O3", true, false), ("O3.2", false, false), ("O4", false, false)]
        );
        assert_eq!(
            told(app).await,
            ["OfferingCreated", "OrderPlaced", "OrderAccepted", "OrderScheduled", "OrderRescheduled",
                "OrderDelivered", "OrderRated"]
        );
        let rated: pb::OrderRated = last(app).await;
        assert_eq!((rated.stars, rated.delivered_on_time), (5, true));
        let parties = rated.order.unwrap();
        assert_eq!((parties.liaison_id, parties.responsible_id), (LIAISON.to_string(), LECTURER.to_string()));
        assert_eq!((parties.manager_id, parties.actor_party), (String::new(), pb::IssueParty::Firm.into()));
    }

    async fn what_others_are_told_has_no_words_in_it(app: TestSuite) {
        let order = delivered(app).await;
        rate_order(app, firm(app), &order, 5).await.unwrap();
        let mut tx = db(app).snapshot().await.unwrap();
        let rows = store::rows!(&mut tx, "read the outbox", (Vec<u8>,), "SELECT data FROM outbox").unwrap();
        let events = store::rows!(&mut tx, "read", (String,), "SELECT CAST(payload AS TEXT) FROM order_event").unwrap();
        assert_eq!((rows.len(), events.len()), (6, 5));
        let all = rows.iter().map(|(data,)| String::from_utf8_lossy(data).into_owned()).chain(events.into_iter().map(|row| row.0));
        for text in all {
            assert!(!["下午", "会议室", "讲解", "很好", "培训"].iter().any(|word| text.contains(word)), "{text}");
        }
    }

    async fn a_department_declines_and_a_firm_cancels_before_the_delivery(app: TestSuite) {
        let declined = decline_order(app, desk(app), &placed(app).await).await.unwrap();
        assert_eq!((declined.state(), declined.decline_reason.as_str()), (Declined, "本月已约满"));
        assert!(last::<pb::OrderDeclined>(app).await.on_time);
        let cancelled = cancel_order(app, firm(app), &scheduled(app).await).await.unwrap();
        assert_eq!((cancelled.state(), cancelled.cancel_reason.as_str()), (Cancelled, "停产检修"));
        assert_eq!(cancelled.schedule.unwrap().place, "厂区会议室");
        assert_eq!(last::<pb::OrderCancelled>(app).await.from_state(), Scheduled);
        let order = delivered(app).await;
        let refused = || was(Code::FailedPrecondition, "ORDER_TRANSITION_NOT_ALLOWED");
        assert_eq!(refusal(cancel_order(app, firm(app), &order).await), refused());
        assert_eq!(refusal(accept_order(app, desk(app), &order).await), refused());
    }

    async fn a_manager_orders_for_the_firm_and_the_firm_alone_rates(app: TestSuite) {
        appointed(app, WANG, DAIRY, "03-01").await;
        let manager = || as_role(app, WANG, RoleGrant::of(Role::Manager));
        let request = placement(app, &offering(app).await);
        let order = manager().place_order(request).await.unwrap().into_inner().order.unwrap();
        assert_eq!((order.placed_by_party(), order.manager_id.clone()), (pb::IssueParty::Manager, WANG.to_string()));
        assert!(last::<pb::OrderPlaced>(app).await.on_behalf);
        assert_eq!(next(firm(app), &order).await.unwrap(), [pb::OrderAction::Cancel]);
        assert_eq!(next(manager(), &order).await.unwrap(), []);
        assert_eq!(next(desk(app), &order).await.unwrap(), [pb::OrderAction::Accept, pb::OrderAction::Decline]);
        let denied = was(Code::PermissionDenied, "NOT_PERMITTED");
        assert_eq!(refusal(rate_order(app, manager(), &order, 5).await), denied);
        let both = vec![RoleGrant::liaison(HOUSING), RoleGrant::of(Role::Manager)];
        let both = OrderServiceClient::new(app.person(WANG, both));
        let conflict = was(Code::FailedPrecondition, "ORDER_CONFLICT_OF_DUTY");
        assert_eq!(refusal(accept_order(app, both, &order).await), conflict);
        let li = as_role(app, LI, RoleGrant::of(Role::Manager));
        assert_eq!(refusal(get(li, &order).await), hidden());
    }

    async fn a_foreign_order_does_not_exist(app: TestSuite) {
        let order = delivered(app).await;
        assert_eq!(refusal(get(other_firm(app), &order).await), hidden());
        assert_eq!(refusal(next(other_firm(app), &order).await), hidden());
        assert_eq!(refusal(trail(other_firm(app), &order).await), hidden());
        assert_eq!(refusal(rate_order(app, other_firm(app), &order, 1).await), hidden());
        let elsewhere = || as_role(app, LIAISON, RoleGrant::liaison(FINANCE));
        assert_eq!(refusal(get(elsewhere(), &order).await), hidden());
        assert_eq!(refusal(accept_order(app, elsewhere(), &order).await), hidden());
        let nothing = pb::Order { order_id: app.uuid().to_string(), ..order.clone() };
        assert_eq!(refusal(get(clerk(app), &nothing).await), hidden());
        // In sight, but not theirs to do.
        assert_eq!(refusal(rate_order(app, clerk(app), &order, 5).await), was(Code::PermissionDenied, "NOT_PERMITTED"));
        assert!(list(other_firm(app), pb::ListOrdersRequest::default()).await.is_empty());
        assert!(list(elsewhere(), pb::ListOrdersRequest::default()).await.is_empty());
        let other = pb::PlaceOrderRequest { enterprise_id: STEEL.to_string(), ..placement(app, &offering(app).await) };
        assert_eq!(refusal(firm(app).place_order(other).await), was(Code::NotFound, "ENTERPRISE_NOT_FOUND"));
    }

    async fn a_stale_etag_is_refused_with_the_present_one(app: TestSuite) {
        let order = placed(app).await;
        accept_order(app, desk(app), &order).await.unwrap();
        let stale = was(Code::Aborted, "STALE_ETAG");
        assert_eq!(refusal(accept_order(app, desk(app), &order).await), stale);
        let offering = offering(app).await;
        let retire = |etag: &str| pb::RetireOfferingRequest {
            offering_id: offering.offering_id.clone(), etag: etag.to_owned(), request_id: app.request_id(),
        };
        assert_eq!(refusal(desk(app).retire_offering(retire("v7")).await), stale);
    }

    async fn a_repeated_step_has_one_effect_and_one_answer(app: TestSuite) {
        let request = placement(app, &offering(app).await);
        let first = firm(app).place_order(request.clone()).await.unwrap();
        let again = firm(app).place_order(request).await.unwrap();
        assert!(again.metadata().contains_key(rpc::REPLAYED));
        let order = first.into_inner().order.unwrap();
        assert_eq!(again.into_inner().order.unwrap(), order);
        assert_eq!(list(firm(app), pb::ListOrdersRequest::default()).await.len(), 1);
        let accept = pb::AcceptOrderRequest {
            order_id: order.order_id.clone(), etag: order.etag.clone(), request_id: app.request_id(),
        };
        let accepted = desk(app).accept_order(accept.clone()).await.unwrap().into_inner();
        assert_eq!(desk(app).accept_order(accept).await.unwrap().into_inner(), accepted);
        let (entries, _) = trail(firm(app), &order).await.unwrap();
        assert_eq!(entries.len(), 2);
    }

    async fn of_two_people_at_once_exactly_one_accepts(app: TestSuite) {
        for _ in 0..5 {
            let order = placed(app).await;
            let deputy = as_role(app, account(302), RoleGrant::liaison(HOUSING));
            let (a, b) = tokio::join!(accept_order(app, desk(app), &order), accept_order(app, deputy, &order));
            let lost = match (a, b) {
                (Ok(_), Err(lost)) | (Err(lost), Ok(_)) => lost,
                both => unreachable!("{both:?}"),
            };
            assert_eq!(testkit::reason(&lost), was(Code::Aborted, "STALE_ETAG"));
        }
    }

    async fn a_delivery_is_rated_once_and_while_the_window_is_open(app: TestSuite) {
        let order = delivered(app).await;
        let rated = rate_order(app, firm(app), &order, 4).await.unwrap();
        let twice = rate_order(app, firm(app), &rated, 5).await;
        assert_eq!(refusal(twice), was(Code::FailedPrecondition, "ORDER_TRANSITION_NOT_ALLOWED"));
        let stars = rate_order(app, firm(app), &rated, 6).await.unwrap_err();
        assert_eq!(testkit::bad_fields(&stars), ["stars"]);
        let order = delivered_at(app, "03-19 14:00").await;
        app.clock.set("2026-03-26T17:30:00.000001+08:00".parse().unwrap());
        let late = rate_order(app, firm(app), &order, 5).await;
        assert_eq!(refusal(late), was(Code::FailedPrecondition, "WINDOW_OVER"));
    }

    async fn what_cannot_be_is_refused(app: TestSuite) {
        let offering = offering(app).await;
        let crowd = pb::PlaceOrderRequest { attendees: 51, ..placement(app, &offering) };
        assert_eq!(refusal(firm(app).place_order(crowd).await), was(Code::InvalidArgument, "ORDER_OVER_CAPACITY"));
        let nothing = pb::PlaceOrderRequest { offering_id: app.uuid().to_string(), ..placement(app, &offering) };
        assert_eq!(refusal(firm(app).place_order(nothing).await), was(Code::NotFound, "OFFERING_NOT_FOUND"));
        let bare = pb::PlaceOrderRequest { request_id: app.request_id(), ..Default::default() };
        let bare = firm(app).place_order(bare).await.unwrap_err();
        assert_eq!(testkit::bad_fields(&bare), ["enterprise_id", "offering_id", "attendees", "wish"]);
        let order = accept_order(app, desk(app), &placed(app).await).await.unwrap();
        let past = schedule_order(app, desk(app), &order, "03-02 09:00").await;
        assert_eq!(refusal(past), was(Code::InvalidArgument, "ORDER_TIME_PAST"));
        let order = schedule_order(app, desk(app), &order, "03-12 14:00").await.unwrap();
        let early = deliver_order(app, desk(app), &order).await;
        assert_eq!(refusal(early), was(Code::FailedPrecondition, "ORDER_NOT_BEGUN"));
        let bare = pb::ScheduleOrderRequest {
            order_id: order.order_id.clone(), etag: order.etag.clone(), request_id: app.request_id(), ..Default::default()
        };
        let bare = desk(app).schedule_order(bare).await.unwrap_err();
        assert_eq!(testkit::bad_fields(&bare), ["start_time", "place", "responsible_id"]);
    }

    async fn an_offering_is_changed_and_retired_by_its_department_or_an_operator(app: TestSuite) {
        let offering = offering(app).await;
        let denied = || was(Code::PermissionDenied, "NOT_PERMITTED");
        assert_eq!(refusal(firm(app).create_offering(offering_request(app)).await), denied());
        let elsewhere = || as_role(app, account(303), RoleGrant::liaison(FINANCE));
        assert_eq!(refusal(elsewhere().create_offering(offering_request(app)).await), denied());
        let kind = pb::CreateOfferingRequest { kind: "dancing".to_owned(), ..offering_request(app) };
        assert_eq!(refusal(desk(app).create_offering(kind).await), was(Code::InvalidArgument, "OFFERING_KIND_UNKNOWN"));
        let empty = pb::CreateOfferingRequest { department_id: FINANCE.to_string(), ..offering_request(app) };
        let unmanned = was(Code::FailedPrecondition, "DEPARTMENT_WITHOUT_LIAISON");
        assert_eq!(refusal(clerk(app).create_offering(empty).await), unmanned);

        let update = |offering: &pb::Offering| pb::UpdateOfferingRequest {
            offering_id: offering.offering_id.clone(),
            capacity: 80,
            title: offering.title.clone(),
            etag: offering.etag.clone(),
            request_id: app.request_id(),
            ..Default::default()
        };
        assert_eq!(refusal(elsewhere().update_offering(update(&offering)).await), denied());
        let changed = desk(app).update_offering(update(&offering)).await.unwrap().into_inner().offering.unwrap();
        assert_eq!((changed.capacity, changed.audience.as_str()), (80, "一线职工"));
        assert_eq!(last::<pb::OfferingUpdated>(app).await.changed_fields, ["capacity"]);
        let same = desk(app).update_offering(update(&changed)).await.unwrap().into_inner().offering.unwrap();
        assert_eq!(same, changed, "what is the same is no change");

        let retire = pb::RetireOfferingRequest {
            offering_id: changed.offering_id.clone(), etag: changed.etag.clone(), request_id: app.request_id(),
        };
        let retired = clerk(app).retire_offering(retire).await.unwrap().into_inner().offering.unwrap();
        assert_eq!(retired.state(), pb::OfferingState::Retired);
        let gone = || was(Code::FailedPrecondition, "OFFERING_RETIRED");
        assert_eq!(refusal(desk(app).update_offering(update(&retired)).await), gone());
        assert_eq!(refusal(firm(app).place_order(placement(app, &retired)).await), gone());
        let request = pb::GetOfferingRequest { offering_id: retired.offering_id.clone() };
        assert_eq!(firm(app).get_offering(request).await.unwrap().into_inner().offering.unwrap(), retired);
    }

    async fn offerings_are_listed_to_every_firm_page_by_page(app: TestSuite) {
        let mut made = Vec::new();
        for kind in ["training", "counselling", "training"] {
            app.clock.advance(TimeDelta::seconds(1));
            let request = pb::CreateOfferingRequest { kind: kind.to_owned(), ..offering_request(app) };
            made.push(desk(app).create_offering(request).await.unwrap().into_inner().offering.unwrap().offering_id);
        }
        let list = async |request: pb::ListOfferingsRequest| {
            let (mut ids, mut page_token) = (Vec::new(), String::new());
            loop {
                let request = pb::ListOfferingsRequest { page_size: 2, page_token, ..request.clone() };
                let page = other_firm(app).list_offerings(request).await.unwrap().into_inner();
                ids.extend(page.offerings.into_iter().map(|offering| offering.offering_id));
                page_token = page.next_page_token;
                if page_token.is_empty() {
                    assert_eq!(i64::try_from(ids.len()).unwrap(), page.total_count);
                    return ids;
                }
            }
        };
        assert_eq!(list(pb::ListOfferingsRequest::default()).await, [&*made[2], &*made[1], &*made[0]]);
        let trainings = pb::ListOfferingsRequest { kinds: vec!["training".to_owned()], ..Default::default() };
        assert_eq!(list(trainings).await, [&*made[2], &*made[0]]);
        let elsewhere = pb::ListOfferingsRequest { department_id: FINANCE.to_string(), ..Default::default() };
        assert!(list(elsewhere).await.is_empty());
        let retire = pb::RetireOfferingRequest {
            offering_id: made[0].clone(), etag: "v1".to_owned(), request_id: app.request_id(),
        };
        desk(app).retire_offering(retire).await.unwrap();
        assert_eq!(list(pb::ListOfferingsRequest::default()).await.len(), 2);
        assert_eq!(list(pb::ListOfferingsRequest { include_retired: true, ..Default::default() }).await.len(), 3);
    }

    async fn orders_are_listed_in_order_and_by_filter(app: TestSuite) {
        let first = placed(app).await;
        app.clock.advance(TimeDelta::minutes(1));
        let second = placed(app).await;
        app.clock.advance(TimeDelta::minutes(1));
        let third = decline_order(app, desk(app), &placed(app).await).await.unwrap();
        accept_order(app, desk(app), &first).await.unwrap();
        let ids = |orders: &[&pb::Order]| orders.iter().map(|order| order.order_id.clone()).collect::<Vec<_>>();
        let all = pb::ListOrdersRequest::default;
        for who in [firm(app), desk(app), clerk(app)] {
            assert_eq!(list(who, all()).await, ids(&[&third, &second, &first]));
        }
        let due = pb::ListOrdersRequest { order: pb::OrderListOrder::DueFirst.into(), ..all() };
        assert_eq!(list(clerk(app), due).await, ids(&[&second, &first, &third]));
        let filtered = async |filter| list(desk(app), pb::ListOrdersRequest { filter: Some(filter), ..all() }).await;
        let states = pb::OrderFilter { states: vec![Placed.into()], ..Default::default() };
        assert_eq!(filtered(states).await, ids(&[&second]));
        assert_eq!(filtered(pb::OrderFilter { open_only: true, ..Default::default() }).await, ids(&[&second, &first]));
        let offering = pb::OrderFilter { offering_id: first.offering_id.clone(), ..Default::default() };
        assert_eq!(filtered(offering).await, ids(&[&first]));
        let kinds = pb::OrderFilter { kinds: vec!["counselling".to_owned()], ..Default::default() };
        assert!(filtered(kinds).await.is_empty());
        let off = pb::OrderFilter { lights: vec![pb::Light::Off.into()], ..Default::default() };
        assert_eq!(filtered(off).await, ids(&[&third]));
        // The next day at five the first is due at once, the other in two days.
        app.clock.set("2026-03-03T17:31:00+08:00".parse().unwrap());
        let red = pb::OrderFilter { lights: vec![pb::Light::Red.into()], ..Default::default() };
        assert_eq!(filtered(red).await, ids(&[&second]));
        assert_eq!(filtered(pb::OrderFilter { overdue_only: true, ..Default::default() }).await, ids(&[&second]));
        let green = pb::OrderFilter { lights: vec![pb::Light::Green.into()], ..Default::default() };
        assert_eq!(filtered(green).await, ids(&[&first]));
    }

    async fn every_row_is_the_fold_of_its_events_and_the_chain_is_unbroken(app: TestSuite) {
        let order = delivered(app).await;
        let order = rate_order(app, firm(app), &order, 5).await.unwrap();
        cancel_order(app, firm(app), &placed(app).await).await.unwrap();
        let mut tx = db(app).snapshot().await.unwrap();
        let sql = "SELECT order_id, CAST(fold AS TEXT), state, version FROM service_order";
        let rows = store::rows!(&mut tx, "read", (Uuid, String, String, i64), sql).unwrap();
        assert_eq!(rows.len(), 2);
        for (id, kept, state, version) in rows {
            let sql = "SELECT CAST(payload AS TEXT) FROM order_event WHERE order_id = $1 ORDER BY seq";
            let events = store::rows!(&mut tx, "read", (String,), sql, id).unwrap();
            let events: Vec<Event> = events.iter().map(|(event,)| serde_json::from_str(event).unwrap()).collect();
            let kept: Order = serde_json::from_str(&kept).unwrap();
            assert_eq!(fold(&events).unwrap().unwrap(), kept);
            assert_eq!((kept.state().name(), kept.version.number()), (state.as_str(), version));
        }
        let sql = "SELECT clock, stopped_at IS NULL FROM order_deadline WHERE order_id = $1 ORDER BY clock";
        let id: Uuid = order.order_id.parse().unwrap();
        let clocks = store::rows!(&mut tx, "read", (String, bool), sql, id).unwrap();
        let expected: Vec<_> = ["O1", "O2", "O3", "O4"].map(|clock| (clock.to_owned(), false)).into();
        assert_eq!(clocks, expected);
        tx.commit().await.unwrap();

        let (entries, broken) = trail(firm(app), &order).await.unwrap();
        assert_eq!(broken, 0);
        let kinds: Vec<_> = entries.iter().map(|entry| entry.kind.as_str()).collect();
        assert_eq!(kinds, ["placed", "accepted", "scheduled", "delivered", "rated"]);
        assert!(entries.windows(2).all(|pair| pair[0].hash == pair[1].previous_hash));
        assert_eq!(entries[0].previous_hash.to_vec(), vec![0; 32]);
        assert_eq!((entries[0].notes[0].field.as_str(), entries[0].notes[0].text.as_str()), ("wish", "希望下午进行"));
        assert_eq!((entries[1].actor_id.clone(), entries[1].actor_party()), (LIAISON.to_string(), pb::IssueParty::Liaison));
        assert!(entries.iter().all(|entry| entry.client.is_empty()));
        let (audited, _) = trail(as_role(app, AUDITOR, RoleGrant::of(Role::Auditor)), &order).await.unwrap();
        assert!(audited.iter().all(|entry| entry.payload_json.contains("fact")));
    }

    async fn what_has_happened_cannot_be_changed_and_what_was_changed_below_is_found(app: TestSuite) {
        let order = scheduled(app).await;
        for sql in ["UPDATE order_event SET actor = 'account:somebody'", "DELETE FROM order_event"] {
            let mut tx = db(app).begin().await.unwrap();
            assert!(store::execute!(&mut tx, "rewrite history", sql).is_err(), "{sql}");
            tx.rollback().await.unwrap();
        }
        // Somebody takes the guard away first.
        let mut tx = db(app).begin().await.unwrap();
        let drop = match app.engine {
            testkit::Engine::Sqlite => "DROP TRIGGER order_event_no_update",
            testkit::Engine::Postgres => "DROP TRIGGER order_event_append_only ON order_event",
        };
        store::execute!(&mut tx, "take the guard away", drop).unwrap();
        let sql = "UPDATE order_event SET actor = 'account:somebody' WHERE kind = 'accepted'";
        assert_eq!(store::execute!(&mut tx, "rewrite history", sql).unwrap(), 1);
        tx.commit().await.unwrap();
        assert_eq!(trail(clerk(app), &order).await.unwrap().1, 2);
    }
}

async fn delivered_at(app: &TestSuite, start: &str) -> pb::Order {
    let order = accept_order(app, desk(app), &placed(app).await).await.unwrap();
    let order = schedule_order(app, desk(app), &order, start).await.unwrap();
    app.clock.set(format!("2026-{}:00+08:00", start.replace(' ', "T")).parse().unwrap());
    deliver_order(app, desk(app), &order).await.unwrap()
}
