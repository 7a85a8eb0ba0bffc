//! The worker: the session's home.

use engine::protocol::{Command, Message};
use engine::session::Session;
use engine::session::devices::Machine;

#[path = "../worker/mod.rs"]
mod worker;

impl worker::Work for Session {
    type Asked = Command;

    async fn handle(&mut self, asked: Command, files: Vec<Vec<u8>>) -> Vec<Message> {
        self.handle(asked, files).await
    }

    async fn advance(&mut self) -> Vec<Message> {
        self.advance().await
    }

    fn idle(&self) -> bool {
        self.idle()
    }
}

fn main() {
    worker::run(Session::new(Box::new(Machine::default())));
}
