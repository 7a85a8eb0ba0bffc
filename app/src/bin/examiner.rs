//! The worker that tries cards' claims. It is loaded with the first check, so that the cards arrive with it and not before.

use engine::examiner::Examiner;
use engine::protocol::{Examine, Message};
use engine::session::devices::Machine;

#[path = "../worker/mod.rs"]
mod worker;

impl worker::Work for Examiner {
    type Asked = Examine;

    async fn handle(&mut self, asked: Examine, files: Vec<Vec<u8>>) -> Vec<Message> {
        self.handle(asked, files)
    }

    async fn advance(&mut self) -> Vec<Message> {
        self.advance().await
    }

    fn idle(&self) -> bool {
        self.idle()
    }
}

fn main() {
    worker::run(Examiner::new(Box::new(Machine::default())));
}
