use super::*;

fn env(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn flags_go_over_the_environment_and_that_over_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("qinqing.toml");
    std::fs::write(&file, "listen = '127.0.0.1:1'\n[log]\nfilter = 'warn'\nformat = 'json'\n").unwrap();
    let config = Config::load(
        Some(&file),
        env(&[("QINQING_LOG__FILTER", "debug"), ("QINQING_LISTEN", "127.0.0.1:2"), ("HOME", "/x")]),
        &[("listen", "127.0.0.1:3".to_owned())],
    )
    .unwrap();
    assert_eq!((config.listen.port(), config.log.filter.as_str()), (3, "debug"));
    assert_eq!(config.log.format, LogFormat::Json);
}

#[test]
fn an_unknown_setting_is_refused_by_name() {
    let error = Config::load(None, env(&[("QINQING_LISTENN", "x")]), &[]).unwrap_err();
    let ConfigError::Content { source } = error else { panic!("{error}") };
    assert!(source.to_string().contains("listenn"), "{source}");
}

#[test]
fn production_stays_on_loopback_unless_tls_is_in_front() {
    let open = [("profile", "production".to_owned()), ("listen", "0.0.0.0:7300".to_owned())];
    assert!(matches!(Config::load(None, [], &open), Err(ConfigError::Refused { name: "listen", .. })));
    let behind = [open[0].clone(), open[1].clone(), ("behind_tls", "true".to_owned())];
    assert!(Config::load(None, [], &behind).is_ok());
}

#[test]
fn production_speaks_to_peers_elsewhere_under_tls_alone() {
    let peer = |address: &str| {
        let flags = [("profile", "production".to_owned()), ("peers.workflow", address.to_owned())];
        Config::load(None, [], &flags).map(drop)
    };
    assert!(matches!(peer("http://10.0.0.7:7300"), Err(ConfigError::Refused { name: "peers", .. })));
    assert!(matches!(peer("https://10.0.0.7:7300"), Err(ConfigError::Refused { name: "peer_ca_file", .. })));
    assert!(peer("http://127.0.0.1:7300").is_ok());
}

#[test]
fn production_speaks_to_a_database_elsewhere_under_tls_alone() {
    let database = |url: &str| {
        let flags = [("profile", "production".to_owned()), ("database.url", url.to_owned())];
        Config::load(None, [], &flags).map(drop)
    };
    let refused = database("postgres://qinqing@10.0.0.9/qinqing");
    assert!(matches!(refused, Err(ConfigError::Refused { name: "database.url", .. })));
    for good in [
        "postgres://qinqing@10.0.0.9/qinqing?sslmode=verify-full",
        "postgres://qinqing@127.0.0.1:5432/qinqing",
        "postgres://qinqing@%2Frun%2Fpostgresql/qinqing",
    ] {
        assert!(database(good).is_ok(), "{good}");
    }
}

#[test]
fn a_witness_is_an_address_that_production_reaches_under_tls_alone() {
    let witness = |profile: &str, url: &str| {
        let flags = [("profile", profile.to_owned()), ("workflow.witness.url", url.to_owned())];
        Config::load(None, [], &flags)
    };
    for (profile, url) in [
        ("development", "ftp://10.0.0.9/heads"),
        ("development", "10.0.0.9"),
        ("development", "https://me@10.0.0.9/heads"),
        ("production", "http://10.0.0.9/heads"),
        ("production", "http://127.0.0.1.example.org/heads"),
        ("production", "http://example.org/127.0.0.1:80"),
    ] {
        let refused = witness(profile, url);
        let name = "workflow.witness.url";
        assert!(matches!(refused, Err(ConfigError::Refused { name: found, .. }) if found == name), "{url}");
    }
    assert!(witness("development", "http://10.0.0.9/heads").is_ok());
    assert!(witness("production", "http://127.0.0.1/heads").is_ok());
    assert!(witness("production", "http://127.0.0.1:8080/heads").is_ok());
    let shown = witness("production", "https://w.example.org/heads?token=s3cret").unwrap().redacted();
    assert!(shown.contains("https://w.example.org/heads?***") && !shown.contains("s3cret"), "{shown}");
}

#[test]
fn the_examples_for_deployment_are_taken() {
    let deploy = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy");
    for example in ["county/qinqing.toml", "province/qinqing.toml"] {
        let config = Config::load(Some(&deploy.join(example)), [], &[]).unwrap();
        assert_eq!(config.profile, Profile::Production, "{example}");
    }
}

#[test]
fn passwords_are_blotted_out() {
    let flags = [("database.url", "postgres://qinqing:s3cret@db/qinqing".to_owned())];
    let shown = Config::load(None, [], &flags).unwrap().redacted();
    assert!(shown.contains("postgres://qinqing:***@db/qinqing") && !shown.contains("s3cret"), "{shown}");
    let url = "postgres://db/qinqing?user=qinqing&password=s3cret&sslmode=require";
    let shown = Config::load(None, [], &[("database.url", url.to_owned())]).unwrap().redacted();
    assert!(shown.contains("postgres://db/qinqing?user=qinqing&password=***&sslmode=require"), "{shown}");
}
