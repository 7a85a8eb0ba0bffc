//! Which devices there are, and why not.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use crate::exec::Executor;
use crate::exec::cpu::Cpu;
use crate::exec::gpu::{Absent, Gpu, Handle};
use crate::plan::Plan;

/// Why a device cannot be used, and what the person can do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unavailable {
    pub reason: String,
    pub advice: String,
}

/// An executor on its way.
pub type Opening = Pin<Box<dyn Future<Output = Result<Box<dyn Executor>, Unavailable>>>>;

/// Where executors come from.
pub trait Devices {
    /// The CPU executor: always there.
    fn cpu(&self, plan: Rc<Plan>) -> Box<dyn Executor> {
        Box::new(Cpu::new(plan))
    }

    /// The graphics executor with this plan loaded.
    fn gpu(&self, plan: Rc<Plan>) -> Opening;

    /// Destroys the graphics device as if it had been lost.
    fn lose_gpu(&self);
}

/// This machine's devices. The graphics device is opened when it is first asked for, and kept: pipelines compiled for
/// one run serve the next.
#[derive(Clone, Default)]
pub struct Machine {
    gpu: Rc<RefCell<Option<Handle>>>,
}

impl Devices for Machine {
    fn gpu(&self, plan: Rc<Plan>) -> Opening {
        let kept = self.gpu.clone();
        Box::pin(async move {
            let known = kept.borrow().clone().filter(|d| d.lost().is_none());
            let device = match known {
                Some(device) => device,
                None => {
                    let device = Handle::open().await.map_err(unavailable)?;
                    kept.replace(Some(device.clone()));
                    device
                }
            };
            match Gpu::load(&device, plan).await {
                Ok(gpu) => Ok(Box::new(gpu) as Box<dyn Executor>),
                Err(fault) => Err(Unavailable {
                    reason: format!("the graphics device cannot take this experiment: {fault}"),
                    advice: "use fewer units, a smaller batch, or less data".to_owned(),
                }),
            }
        })
    }

    fn lose_gpu(&self) {
        if let Some(device) = &*self.gpu.borrow() {
            device.destroy();
        }
    }
}

fn unavailable(absent: Absent) -> Unavailable {
    Unavailable { reason: absent.to_string(), advice: absent.mend().to_owned() }
}
