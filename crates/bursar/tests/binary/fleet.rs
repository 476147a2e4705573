//! Several servers on one PostgreSQL database, each with a wire to it that can be cut, all of which can be
//! killed, paused and started again while clients are at work.

use std::sync::{Arc, Mutex, RwLock};
use std::time::Duration;

use bursar_postgres::cluster::Cluster;
use bursar_postgres::proxy::{Fate, Proxy};
use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::clients::Servers;
use super::server::{Api, BURSAR, PATIENCE, Ran, Server, command, run};

/// How long a client waits for an answer before it asks somebody else: less than anybody may be paused.
const CLIENT_PATIENCE: Duration = Duration::from_secs(10);

/// The servers and their database.
pub(crate) struct Fleet {
    pub(crate) cluster: Arc<Cluster>,
    nodes: Vec<Node>,
    /// The database's URL, past all wires.
    url: String,
    directory: TempDir,
    /// The wires live in it.
    runtime: Runtime,
}

/// One server, which may be down.
struct Node {
    wire: Proxy,
    server: Mutex<Option<Server>>,
    /// Where it was last; whoever asks there while it is down is told so by the system.
    api: RwLock<Api>,
}

impl Fleet {
    /// So many servers on a new database.
    pub(crate) fn start(cluster: Arc<Cluster>, nodes: usize) -> Self {
        let runtime = Runtime::new().unwrap();
        let url = runtime.block_on(cluster.database());
        let directory = tempfile::tempdir().unwrap();
        let nodes = (0..nodes)
            .map(|number| {
                let wire = runtime.block_on(Proxy::new(&url));
                let server = serve(&directory, number, &wire);
                let api = RwLock::new(server.api().within(CLIENT_PATIENCE));
                Node { wire, server: Mutex::new(Some(server)), api }
            })
            .collect();
        Self { cluster, nodes, url, directory, runtime }
    }

    /// Does something with a server that is up.
    pub(crate) fn on<T>(&self, node: usize, work: impl FnOnce(&Server) -> T) -> T {
        work(self.nodes[node].server.lock().unwrap().as_ref().unwrap())
    }

    /// Kills a server as a crash would.
    pub(crate) fn kill(&self, node: usize) {
        self.nodes[node].server.lock().unwrap().take().unwrap().kill();
    }

    /// Starts a server that is down, on another port.
    pub(crate) fn restart(&self, node: usize) {
        let Node { wire, server, api } = &self.nodes[node];
        let started = serve(&self.directory, node, wire);
        *api.write().unwrap() = started.api().within(CLIENT_PATIENCE);
        *server.lock().unwrap() = Some(started);
    }

    /// Stops all servers as an operator would: what they had begun is over then.
    pub(crate) fn stop(&self) {
        for node in &self.nodes {
            node.server.lock().unwrap().take().unwrap().stop();
        }
    }

    /// Cuts a server's wire at its next commit and mends it after a while; `false` if it has none to cut.
    pub(crate) fn cut_commit(&self, node: usize, fate: Fate, until_mended: Duration) -> bool {
        let wire = &self.nodes[node].wire;
        wire.cut(fate);
        let was_cut = self.runtime.block_on(async {
            let was_cut = tokio::time::timeout(PATIENCE / 6, wire.wait_for_cut()).await.is_ok();
            tokio::time::sleep(if was_cut { until_mended } else { Duration::ZERO }).await;
            was_cut
        });
        wire.mend();
        was_cut
    }

    /// Ends all connections to the database, in whatever they are.
    pub(crate) fn cut_connections(&self) {
        let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE application_name = 'bursar'";
        self.runtime.block_on(self.cluster.sql("postgres", cut));
    }

    /// Proves the journal, the states and the tables, and returns the report.
    pub(crate) fn proven(&self) -> Value {
        let report = self.bursar(&["verify", "--format", "json"]).json();
        assert_eq!(report["verified"], true, "{report}");
        report
    }
}

impl Servers for Fleet {
    fn len(&self) -> usize {
        self.nodes.len()
    }

    fn api(&self, node: usize) -> Api {
        self.nodes[node].api.read().unwrap().clone()
    }

    fn bursar(&self, arguments: &[&str]) -> Ran {
        let mut bursar = command(BURSAR);
        bursar.args(arguments).env("BURSAR_DATABASE_URL", &self.url);
        run(bursar.current_dir(self.directory.path()))
    }
}

fn serve(directory: &TempDir, number: usize, wire: &Proxy) -> Server {
    let data = directory.path().join(format!("node-{number}"));
    let vault = directory.path().join("vault").display().to_string();
    Server::start_with(&data, &["--database", &wire.url, "--vault", &vault])
}
