//! One server on a directory of its own, which dies and comes back while clients are at work.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, RwLock};
use std::time::Duration;

use super::super::clients::Servers;
use super::super::server::{
    Api, BURSAR, Ran, Server, Starting, bursar_on, command, serve_arguments,
};

/// How long a client waits for an answer.
const CLIENT_PATIENCE: Duration = Duration::from_secs(30);
/// Where nobody ever listens. While the server is down somebody else may get its port.
const NOWHERE: &str = "http://127.0.0.1:1";

/// The server, which may be down.
pub(crate) struct Alone {
    pub(crate) data: PathBuf,
    server: Mutex<Option<Server>>,
    api: RwLock<Api>,
    /// More arguments of the next start.
    arguments: Mutex<Vec<String>>,
}

impl Alone {
    pub(crate) fn start(data: &Path) -> Self {
        let server = Server::start(data);
        let api = RwLock::new(server.api().within(CLIENT_PATIENCE));
        let (server, arguments) = (Mutex::new(Some(server)), Mutex::default());
        Self { data: data.to_owned(), server, api, arguments }
    }

    /// Does something with the server, which is up.
    pub(crate) fn on<T>(&self, work: impl FnOnce(&Server) -> T) -> T {
        work(self.server.lock().unwrap().as_ref().unwrap())
    }

    /// Kills it as a crash would.
    pub(crate) fn kill(&self) {
        self.server.lock().unwrap().take().unwrap().kill();
        NOWHERE.clone_into(&mut self.api.write().unwrap().url);
    }

    /// Asks it to end, and expects that it does well.
    pub(crate) fn stop(&self) {
        let server = self.server.lock().unwrap().take().unwrap();
        server.stop();
        NOWHERE.clone_into(&mut self.api.write().unwrap().url);
    }

    /// From now on it starts with these arguments besides.
    pub(crate) fn start_with(&self, arguments: Vec<String>) {
        *self.arguments.lock().unwrap() = arguments;
    }

    /// Begins to start it again.
    pub(crate) fn begin(&self) -> Starting {
        let more = self.arguments.lock().unwrap();
        let mut serve = command(BURSAR);
        Starting::spawn(&self.data, serve.args(serve_arguments(&self.data)).args(more.iter()))
    }

    /// It is up again: clients find it.
    pub(crate) fn is_up(&self, server: Server) {
        *self.api.write().unwrap() = server.api().within(CLIENT_PATIENCE);
        *self.server.lock().unwrap() = Some(server);
    }
}

impl Servers for Alone {
    fn len(&self) -> usize {
        1
    }

    fn api(&self, _node: usize) -> Api {
        self.api.read().unwrap().clone()
    }

    fn bursar(&self, arguments: &[&str]) -> Ran {
        bursar_on(&self.data, arguments)
    }
}
