//! A worker's end of the line: what is asked comes in, events go out, and in between it works.
//!
//! See the page's `link` for the form of the messages.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

use engine::diagnostic::Diagnostic;
use engine::protocol::{Event, Message, wire};
use engine::session::Session;
use js_sys::{Array, Float32Array, Function, Object, Promise, Reflect, Uint8Array};
use serde::de::DeserializeOwned;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{DedicatedWorkerGlobalScope, MessageChannel, MessageEvent};

/// A slice that took less than this many milliseconds had nothing to do: the run is paced, or waits for a device.
const IDLE_SLICE: f64 = 1.0;
/// Milliseconds until it is asked again.
const IDLE_REST: i32 = 4;

/// Who works here.
pub trait Work: 'static {
    type Asked: DeserializeOwned;

    /// Does what is asked, with the files beside it.
    async fn handle(&mut self, asked: Self::Asked, files: Vec<Vec<u8>>) -> Vec<Message>;

    /// One slice of whatever goes on.
    async fn advance(&mut self) -> Vec<Message>;

    /// Whether there is nothing to do until something is asked.
    fn idle(&self) -> bool;
}

/// What the page has sent and nobody has yet done.
struct Inbox<A> {
    asked: VecDeque<Result<Letter<A>, String>>,
    waiting: Option<Waker>,
}

/// What is asked, with the files beside it.
type Letter<A> = (A, Vec<Vec<u8>>);

/// Serves the page for as long as the worker lives.
pub fn run<W: Work>(work: W) {
    std::panic::set_hook(Box::new(|panic| {
        let message = Object::new();
        // Nothing is left to do for one who cannot be told.
        let _ = Reflect::set(&message, &"panic".into(), &panic.to_string().into());
        let _ = scope().post_message(&message);
    }));
    let inbox = Rc::new(RefCell::new(Inbox::<W::Asked> { asked: VecDeque::new(), waiting: None }));
    let heard = Closure::<dyn FnMut(MessageEvent)>::new({
        let inbox = inbox.clone();
        move |message: MessageEvent| {
            let mut inbox = inbox.borrow_mut();
            inbox.asked.push_back(read(&message.data()));
            if let Some(waiting) = inbox.waiting.take() {
                waiting.wake();
            }
        }
    });
    scope().set_onmessage(Some(heard.as_ref().unchecked_ref()));
    // The worker listens as long as it lives.
    heard.forget();
    spawn_local(serve(work, inbox));
}

/// Does what is asked, and trains while nothing is.
async fn serve<W: Work>(mut work: W, inbox: Rc<RefCell<Inbox<W::Asked>>>) {
    let breath = Breath::new();
    post(&Session::hello());
    loop {
        let letter = inbox.borrow_mut().asked.pop_front();
        match letter {
            Some(Ok((asked, files))) => work.handle(asked, files).await.iter().for_each(post),
            Some(Err(why)) => {
                let fault = Diagnostic::new("message", why, "reload the page");
                post(&Event::Failed { run: 0, fault }.into());
            }
            None if work.idle() => asked(&inbox).await,
            None => {
                let began = now();
                work.advance().await.iter().for_each(post);
                breath.take(now() - began < IDLE_SLICE).await;
            }
        }
    }
}

/// Waits until something is asked.
async fn asked<A>(inbox: &Rc<RefCell<Inbox<A>>>) {
    poll_fn(|cx| {
        let mut inbox = inbox.borrow_mut();
        if inbox.asked.is_empty() {
            inbox.waiting = Some(cx.waker().clone());
            Poll::Pending
        } else {
            Poll::Ready(())
        }
    })
    .await;
}

fn read<A: DeserializeOwned>(message: &JsValue) -> Result<Letter<A>, String> {
    let field = |name: &str| Reflect::get(message, &name.into()).unwrap_or_default();
    let header: Uint8Array = field("header").dyn_into().map_err(|_| "a message had no header")?;
    let asked = wire::unpack(&header.to_vec()).map_err(|e| format!("a message could not be read: {e}"))?;
    let files = field("files").dyn_into::<Array>().unwrap_or_default();
    Ok((asked, files.iter().map(|f| Uint8Array::new(&f).to_vec()).collect()))
}

fn post(message: &Message) {
    let sent = wire::pack(&message.event).map_err(JsValue::from).and_then(|header| {
        let object = Object::new();
        Reflect::set(&object, &"header".into(), &Uint8Array::from(header.as_slice()))?;
        if !message.file.is_empty() {
            let file = Uint8Array::from(message.file.as_slice());
            Reflect::set(&object, &"file".into(), &file)?;
            return scope().post_message_with_transfer(&object, &Array::of1(&file.buffer()));
        }
        if message.payload.is_empty() {
            return scope().post_message(&object);
        }
        let payload = Float32Array::from(message.payload.as_slice());
        Reflect::set(&object, &"payload".into(), &payload)?;
        scope().post_message_with_transfer(&object, &Array::of1(&payload.buffer()))
    });
    if let Err(error) = sent {
        web_sys::console::error_1(&error);
    }
}

/// Lets the worker's other events have their turn. A message to oneself does so at once; timers are held back to
/// several milliseconds, and frames do not come at all in a page that is not seen.
struct Breath {
    channel: Option<MessageChannel>,
}

impl Breath {
    fn new() -> Self {
        Self { channel: MessageChannel::new().ok() }
    }

    async fn take(&self, rest: bool) {
        let turn = Promise::new(&mut |resolve: Function, _| match &self.channel {
            Some(channel) if !rest => {
                channel.port1().set_onmessage(Some(&resolve));
                if channel.port2().post_message(&JsValue::NULL).is_err() {
                    later(&resolve);
                }
            }
            Some(_) | None => later(&resolve),
        });
        // The promise is only ever resolved.
        let _ = JsFuture::from(turn).await;
    }
}

fn later(resolve: &Function) {
    if scope().set_timeout_with_callback_and_timeout_and_arguments_0(resolve, IDLE_REST).is_err() {
        let _ = resolve.call0(&JsValue::NULL);
    }
}

fn scope() -> DedicatedWorkerGlobalScope {
    js_sys::global().unchecked_into()
}

fn now() -> f64 {
    scope().performance().map_or(0.0, |p| p.now())
}
