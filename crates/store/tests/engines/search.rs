use store::{
    Batch, Db, Engine, Filter, Select, Tx,
    search::{self, Expression, Part, Tokens, any_of, words},
};
use uuid::Uuid;

use crate::{id, on_both};

async fn keep(db: &Db, n: u64, text: &str) {
    let mut batch = Batch::new();
    search::put(
        &mut batch,
        Part { subject: id(n), part: "TEXT", audience: "ALL", tokens: &Tokens::of(text) },
    );
    run(db, batch).await;
}

async fn run(db: &Db, batch: Batch) {
    let mut tx = db.begin().await.unwrap();
    batch.run(&mut tx).await.unwrap();
    tx.commit().await.unwrap();
}

async fn found(db: &Db, expression: &Expression) -> Vec<Uuid> {
    let mut tx = db.snapshot().await.unwrap();
    search::subjects(tx.engine(), expression)
        .raw(" ORDER BY subject_id")
        .rows::<(Uuid,)>(&mut tx, "search")
        .await
        .unwrap()
        .into_iter()
        .map(|(id,)| id)
        .collect()
}

/// The same, subject by subject.
async fn looked_at(db: &Db, expression: &Expression) -> Vec<Uuid> {
    let mut tx = db.snapshot().await.unwrap();
    let texts = search::texts_of(tx.engine(), "each.subject_id", expression);
    Select::new("SELECT subject_id FROM search_text AS each")
        .filter_by(Filter::exists(texts))
        .raw(" ORDER BY subject_id")
        .rows::<(Uuid,)>(&mut tx, "search")
        .await
        .unwrap()
        .into_iter()
        .map(|(id,)| id)
        .collect()
}

fn one(token: &str) -> Expression {
    any_of(&[token])
}

async fn asked(db: &Db, word: &str) -> Vec<Uuid> {
    found(db, &words(word)[0].expression()).await
}

/// Small numbers that look like chance, the same in every run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % n
    }

    fn text(&mut self, n_chars: usize) -> String {
        const SIGNS: [&str; 14] =
            ["路", "灯", "标", "志", "𠮷", "〇", "a", "B", "7", "Ｓ", "é", " ", "，", "-"];
        (0..n_chars).map(|_| SIGNS[self.below(SIGNS.len())]).collect()
    }
}

#[tokio::test]
async fn both_engines_find_exactly_the_texts_that_have_the_word() {
    on_both(async |db| {
        let mut chance = Chance(7);
        let texts: Vec<String> = (0..150).map(|_| chance.text(24)).collect();
        let mut batch = Batch::new();
        for (n, text) in (0..).zip(&texts) {
            let tokens = &Tokens::of(text);
            search::add(&mut batch, Part { subject: id(n), part: "TEXT", audience: "ALL", tokens });
        }
        run(db, batch).await;
        let mut n_found = 0;
        for length in [1, 2, 2, 3, 3, 4, 5] {
            for _ in 0..30 {
                let question = chance.text(length);
                for word in words(&question) {
                    let expected: Vec<Uuid> = (0..)
                        .zip(&texts)
                        .filter(|(_, text)| word.is_in(&Tokens::of(text)))
                        .map(|(n, _)| id(n))
                        .collect();
                    assert_eq!(found(db, &word.expression()).await, expected, "{word:?}");
                    assert_eq!(looked_at(db, &word.expression()).await, expected, "{word:?}");
                    n_found += expected.len();
                }
            }
        }
        assert!(n_found > 1_000, "the questions find too little to show anything: {n_found}");
    })
    .await;
}

#[tokio::test]
async fn a_word_that_is_scattered_over_a_text_or_repeated_without_end_is_the_same_on_both() {
    on_both(async |db| {
        keep(db, 1, "路口缺少警示标志，1e5 0x1f 3.14 a@b.cn http://x.cn/y").await;
        keep(db, 2, "标志牌上没有警示，示标").await;
        keep(db, 3, &format!("{}尾巴", "哈".repeat(1_000))).await;
        assert_eq!(asked(db, "警示标志").await, [id(1)]);
        assert_eq!(asked(db, "警示").await, [id(1), id(2)]);
        assert_eq!(asked(db, "志").await, [id(1), id(2)]);
        for word in ["1e5", "0x1f", "14", "cn", "http"] {
            assert_eq!(asked(db, word).await, [id(1)], "{word}");
        }
        assert_eq!(asked(db, "哈哈哈哈尾").await, [id(3)]);
        assert_eq!(asked(db, "尾巴").await, [id(3)]);
        assert_eq!(found(db, &any_of(&["尾巴", "1e5"])).await, [id(1), id(3)]);
    })
    .await;
}

#[tokio::test]
async fn a_text_is_found_as_it_was_last_written_by_its_audience_until_it_is_taken_out() {
    on_both(async |db| {
        keep(db, 1, "路灯不亮").await;
        keep(db, 1, "路面破损").await;
        assert!(asked(db, "路灯").await.is_empty());
        assert_eq!(asked(db, "破损").await, [id(1)]);

        let for_all = async |tx: &mut Tx| {
            search::subjects(tx.engine(), &words("破损")[0].expression())
                .filter("audience = ?", "ALL")
                .rows::<(Uuid,)>(tx, "search")
                .await
                .unwrap()
                .len()
        };
        let mut batch = Batch::new();
        search::show(&mut batch, id(1), "TEXT", "OFFICE");
        run(db, batch).await;
        assert_eq!(for_all(&mut db.snapshot().await.unwrap()).await, 0);
        assert_eq!(asked(db, "破损").await, [id(1)]);

        let mut tx = db.snapshot().await.unwrap();
        let kept = search::of_subjects(&mut tx, &[id(1), id(2)]).await.unwrap();
        assert_eq!((kept.len(), &kept[0].tokens), (1, &Tokens::of("路面破损")));
        tx.commit().await.unwrap();

        let mut batch = Batch::new();
        search::remove(&mut batch, id(1), "TEXT");
        run(db, batch).await;
        assert!(asked(db, "破损").await.is_empty());
        let mut tx = db.snapshot().await.unwrap();
        assert!(search::of_subjects(&mut tx, &[id(1)]).await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test]
async fn tokens_are_counted_up_to_a_cap() {
    on_both(async |db| {
        for n in 0..5 {
            keep(db, n, if n < 2 { "路灯 警示" } else { "路灯" }).await;
        }
        let mut tx = db.snapshot().await.unwrap();
        let counts = search::count_each(&mut tx, &["路灯", "警示", "盐酸"].map(one), 4).await.unwrap();
        assert_eq!(counts, [4, 2, 0]);
        assert!(search::count_each(&mut tx, &[], 4).await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_text_is_found_by_the_index_however_many_there_are() {
    on_both(async |db| {
        let mut batch = Batch::new();
        for n in 0..20_000 {
            let text = format!("第{n}号企业申请新装路灯，编号w{n}");
            let tokens = &Tokens::of(&text);
            search::add(&mut batch, Part { subject: id(n), part: "TEXT", audience: "ALL", tokens });
        }
        run(db, batch).await;
        let mut tx = db.begin().await.unwrap();
        store::execute!(&mut tx, "count the values", "ANALYZE").unwrap();
        tx.commit().await.unwrap();

        let explain = match db.engine() {
            Engine::Sqlite => "EXPLAIN QUERY PLAN SELECT",
            Engine::Postgres => "EXPLAIN SELECT",
        };
        let engine = db.engine();
        let rare = search::subjects(engine, &words("w17777")[0].expression());
        let rare = Select::new(format!("{explain} part FROM search_text"))
            .filter_by(Filter::in_rows_of("subject_id", rare));
        let counts = search::counts(engine, explain, &["w17777", "w3"].map(one), 500).unwrap();
        // Found by the rare word, and looked at for the other, which every text has.
        let common = search::texts_of(engine, "found.subject_id", &words("路灯")[0].expression());
        let rare_and_common = search::subjects(engine, &words("w17777")[0].expression());
        let rare_and_common = Select::new(format!("{explain} part FROM search_text AS found"))
            .filter_by(Filter::in_rows_of("subject_id", rare_and_common))
            .filter_by(Filter::exists(common));
        for select in [rare, counts, rare_and_common] {
            let plan = plan(db, select).await;
            match engine {
                Engine::Sqlite => {
                    let scans = ["SCAN search_text", "SCAN found"].iter().any(|scan| plan.contains(scan));
                    assert!(plan.contains("VIRTUAL TABLE INDEX") && !scans, "{plan}");
                }
                Engine::Postgres => {
                    assert!(plan.contains("search_text_vector_idx") && !plan.contains("Seq Scan"), "{plan}");
                }
            }
        }
    })
    .await;
}

async fn plan(db: &Db, select: Select) -> String {
    let mut tx = db.snapshot().await.unwrap();
    let lines: Vec<String> = match db.engine() {
        Engine::Sqlite => {
            let rows = select.rows::<(i64, i64, i64, String)>(&mut tx, "explain").await.unwrap();
            rows.into_iter().map(|row| row.3).collect()
        }
        Engine::Postgres => {
            let rows = select.rows::<(String,)>(&mut tx, "explain").await.unwrap();
            rows.into_iter().map(|row| row.0).collect()
        }
    };
    lines.join("\n")
}
