//! Encrypted connections.

use bursar_postgres::PostgresStore;
use bursar_postgres::cluster::Cluster;
use bursar_store::contract::{Ask, Clerk};

use super::support::{Database, done, impatient};

async fn open(url: &str) -> Result<PostgresStore, String> {
    PostgresStore::open(url, impatient()).await.map_err(|error| error.to_string())
}

async fn encrypted(database: &Database) -> i64 {
    let select = "SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
        WHERE ssl AND application_name = 'bursar' AND datname = current_database()";
    database.count(select).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_mode_says_how_it_is_encrypted_and_what_is_verified() {
    let database = Database::new().await;
    let certificate = Cluster::shared().certificate().display().to_string();
    let with = |mode: &str| database.url.replace("sslmode=disable", mode);
    let plain = open(&database.url).await.unwrap();
    assert_eq!(encrypted(&database).await, 0);
    drop(plain);
    for mode in [
        String::new(),
        "sslmode=prefer".to_owned(),
        "sslmode=require".to_owned(),
        format!("sslmode=require&sslrootcert={certificate}"),
        format!("sslmode=verify-full&sslrootcert={certificate}"),
    ] {
        let before = encrypted(&database).await;
        let store = open(&with(&mode)).await.unwrap();
        done(&store, &mut Clerk::new(1), &[Ask::open(&format!("account-{}", mode.len()))]).await;
        assert!(encrypted(&database).await > before, "{mode}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_not_who_it_should_be_is_refused() {
    let database = Database::new().await;
    let certificate = Cluster::shared().certificate().display().to_string();
    let with = |mode: &str| database.url.replace("sslmode=disable", mode);
    let said = open(&with("sslmode=verify-full")).await.err().unwrap();
    assert!(said.contains("certificate"), "{said}");
    let by_name = with(&format!("sslmode=verify-full&sslrootcert={certificate}"));
    let said = open(&by_name.replace("127.0.0.1", "localhost")).await.err().unwrap();
    assert!(said.contains("not valid for name"), "{said}");
    let said = open(&with("sslmode=verify-full&sslrootcert=/nowhere.pem")).await.err().unwrap();
    assert!(said.contains("/nowhere.pem: No such file"), "{said}");
}

/// The password is proved, with the channel bound to the certificate.
#[tokio::test(flavor = "multi_thread")]
async fn passwords_go_through_encrypted_connections() {
    let database = Database::new().await;
    let name = database.url.split(['/', '?']).nth(3).unwrap();
    let make = format!(
        "CREATE ROLE secretive LOGIN PASSWORD 'key word'; GRANT CREATE ON DATABASE {name} TO secretive"
    );
    Cluster::shared().sql(name, &make).await;
    let with = |login: &str, mode: &str| {
        database.url.replace("postgres@", login).replace("sslmode=disable", mode)
    };
    let right = "secretive:key%20word@";
    open(&with(right, "sslmode=require&channel_binding=require")).await.unwrap();
    let said = open(&with("secretive:other@", "sslmode=require")).await.err().unwrap();
    assert!(said.contains("look at the user and the password"), "{said}");
    let said = open(&with(right, "sslmode=disable")).await.err().unwrap();
    assert!(said.contains("look at the user and the password"), "{said}");
}
