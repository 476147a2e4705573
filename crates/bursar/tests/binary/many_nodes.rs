//! Two and four servers on one database, and 64 clients who all want the same account's credits.

use std::sync::Arc;
use std::thread;

use bursar_postgres::cluster::Cluster;
use serde_json::json;

use super::clients::{Client, Office, Servers, ask_again, balance, compare_with_journal};
use super::fleet::Fleet;

const CLIENTS: usize = 64;
/// How many charges and holds each of them tries.
const TURNS: usize = 8;
/// Not enough for all of them.
const GIVEN: i64 = 400;

#[test]
fn a_hot_account_is_never_overspent_whichever_server_is_asked() {
    let cluster = Arc::new(Cluster::start());
    for nodes in [2, 4] {
        let fleet = Fleet::start(Arc::clone(&cluster), nodes);
        fleet.on(0, |server| server.customer("hot", GIVEN.try_into().unwrap()));
        let office = Office::default();
        let sent = thread::scope(|scope| {
            let clients = (0..CLIENTS).map(|number| {
                let (fleet, office) = (&fleet, &office);
                scope.spawn(move || {
                    let mut client = Client {
                        servers: fleet,
                        office,
                        random: fastrand::Rng::with_seed(number.try_into().unwrap()),
                        name: format!("client-{number}"),
                        sent: Vec::new(),
                        twice_in: 4,
                    };
                    (0..TURNS).for_each(|turn| client.turn("hot", turn, false));
                    client.sent
                })
            });
            let clients: Vec<_> = clients.collect();
            clients.into_iter().flat_map(|client| client.join().unwrap()).collect::<Vec<_>>()
        });
        assert!(ask_again(&fleet, &office, sent.iter()).is_complete());
        let (available, held) = balance(&sent, "hot", GIVEN);
        // Whoever wanted one credit was refused only when there was none.
        assert!(held == 0 && (0..3).contains(&available), "{available}, {held}");
        for node in 0..nodes {
            let hot = fleet.api(node).get("/v1/accounts/hot").success();
            assert_eq!(hot["balance"]["available"], available, "{hot}");
            assert_eq!(hot["balance"]["held"], 0, "{hot}");
        }
        fleet.stop();
        compare_with_journal(&fleet, &office, &sent, "client-");
        let report = fleet.proven();
        assert_eq!(report["trial_balance"]["available"], json!(available));
        let wrong = office.wrong.into_inner().unwrap();
        assert!(wrong.is_empty(), "{nodes} servers: {wrong:#?}");
    }
}
