//! An open device: its queue, its pipelines and how it was tuned. Outlives the plans that run on it.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use web_time::Instant;

use super::absent::Absent;
use super::kernel::Kernel;
use super::matmul::Variant;
use super::tune::Tuning;
use super::{platform, signal};
use crate::exec::Fault;

/// A module's text and an entry point in it.
type Key = (Cow<'static, str>, &'static str);
type Pipelines = HashMap<Key, Rc<wgpu::ComputePipeline>>;

fn key(kernel: &Kernel) -> Key {
    (kernel.source.clone(), kernel.entry)
}

/// How long others who want to draw are kept waiting by the making of pipelines.
const BATCH: Duration = Duration::from_millis(30);

/// Cheap to clone; all clones are the same device.
#[derive(Clone)]
pub struct Handle(Rc<Inner>);

struct Inner {
    device: wgpu::Device,
    queue: wgpu::Queue,
    name: String,
    layout: wgpu::BindGroupLayout,
    pipeline_layout: wgpu::PipelineLayout,
    pipelines: RefCell<Pipelines>,
    tuning: Cell<Option<Tuning>>,
    /// Why the device is gone, once it is. Callbacks of the device write it, perhaps on another thread.
    lost: Arc<Mutex<Option<String>>>,
}

/// Keeps the first reason: what follows is mostly its consequence.
fn note(lost: &Mutex<Option<String>>, why: String) {
    lost.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(why);
}

impl Handle {
    /// Opens the fastest device there is.
    pub async fn open() -> Result<Self, Absent> {
        platform::offered()?;
        let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle());
        let options = wgpu::RequestAdapterOptions {
            power_preference: wgpu::PowerPreference::HighPerformance,
            ..wgpu::RequestAdapterOptions::default()
        };
        let adapter = instance.request_adapter(&options).await.map_err(|_| platform::NOT_FOUND)?;
        let name = platform::adapter_name(&adapter.get_info()).await;
        let offered = adapter.limits();
        // Only what decides how large an experiment may be is asked for beyond what every WebGPU device has.
        let required_limits = wgpu::Limits {
            max_storage_buffer_binding_size: offered.max_storage_buffer_binding_size,
            max_buffer_size: offered.max_buffer_size,
            ..wgpu::Limits::default()
        };
        let asked = wgpu::DeviceDescriptor { required_limits, ..wgpu::DeviceDescriptor::default() };
        let (device, queue) = adapter.request_device(&asked).await.map_err(|e| Absent::Refused(e.to_string()))?;
        let lost = Arc::new(Mutex::new(None));
        let noted = lost.clone();
        device.set_device_lost_callback(move |reason, message| {
            note(&noted, if message.is_empty() { format!("{reason:?}").to_lowercase() } else { message });
        });
        let noted = lost.clone();
        device.on_uncaptured_error(Arc::new(move |error| note(&noted, error.to_string())));
        let layout = device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
            label: None,
            entries: &[
                entry(0, wgpu::BufferBindingType::Storage { read_only: false }),
                entry(1, wgpu::BufferBindingType::Uniform),
            ],
        });
        let pipeline_layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            bind_group_layouts: &[Some(&layout)],
            ..wgpu::PipelineLayoutDescriptor::default()
        });
        Ok(Self(Rc::new(Inner {
            device,
            queue,
            name,
            layout,
            pipeline_layout,
            pipelines: RefCell::default(),
            tuning: Cell::new(None),
            lost,
        })))
    }

    pub fn name(&self) -> &str {
        &self.0.name
    }

    pub(super) fn device(&self) -> &wgpu::Device {
        &self.0.device
    }

    pub(super) fn queue(&self) -> &wgpu::Queue {
        &self.0.queue
    }

    /// Why the device is gone, if it is.
    pub fn lost(&self) -> Option<String> {
        self.0.lost.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// [`Handle::lost`] as a fault; `otherwise` where the device has not said why.
    pub(super) fn fault(&self, otherwise: &str) -> Fault {
        Fault::Lost(self.lost().unwrap_or_else(|| otherwise.to_owned()))
    }

    /// Gives the device up. Whatever runs on it sees it as lost, so that tests can see what happens then.
    pub fn destroy(&self) {
        self.0.device.destroy();
        note(&self.0.lost, "it was given up".to_owned());
    }

    /// Number of pipelines made so far; swapping one rule for another should add few.
    pub fn pipelines(&self) -> usize {
        self.0.pipelines.borrow().len()
    }

    /// Multiplies matrices by this kernel from now on, whatever was measured.
    pub fn prefer(&self, variant: Variant) {
        let rate = self.0.tuning.get().unwrap_or(Tuning::SLOW).rate;
        self.0.tuning.set(Some(Tuning { matmul: variant, rate }));
    }

    /// What was measured of the device, measured now if it was not before.
    pub(super) async fn tuning(&self) -> Result<Tuning, Fault> {
        match self.0.tuning.get() {
            Some(tuning) => Ok(tuning),
            None => {
                let tuning = super::tune::measure(self).await?;
                self.0.tuning.set(Some(tuning));
                Ok(tuning)
            }
        }
    }

    /// Pipelines for `kernels`, in their order; those known already are shared.
    ///
    /// A browser's one process for graphics does nothing else while it makes one, so no more are asked for at a time
    /// than are made in about [`BATCH`], and pages can draw in between.
    pub(super) async fn compile(&self, kernels: &[&Kernel]) -> Result<Vec<Rc<wgpu::ComputePipeline>>, Fault> {
        let mut asked = HashSet::new();
        let new = |kernel: &&Kernel| !self.0.pipelines.borrow().contains_key(&key(kernel)) && asked.insert(key(kernel));
        let unknown: Vec<_> = kernels.iter().copied().filter(new).collect();
        let mut rest = &unknown[..];
        let mut size = 1;
        while !rest.is_empty() {
            let (batch, later) = rest.split_at(size.min(rest.len()));
            let start = Instant::now();
            self.make(batch).await?;
            size = if start.elapsed() < BATCH { 2 * size } else { (size / 2).max(1) };
            rest = later;
        }
        let known = self.0.pipelines.borrow();
        Ok(kernels.iter().map(|kernel| known[&key(kernel)].clone()).collect())
    }

    /// Makes pipelines for `kernels`; those that the device accepts are known from then on.
    async fn make(&self, kernels: &[&Kernel]) -> Result<(), Fault> {
        let asked: Vec<_> = kernels
            .iter()
            .map(|kernel| {
                let scope = self.0.device.push_error_scope(wgpu::ErrorFilter::Validation);
                (key(kernel), self.pipeline(kernel), scope.pop())
            })
            .collect();
        let mut refused = None;
        for (key, pipeline, answer) in asked {
            match answer.await {
                Some(error) => _ = refused.get_or_insert(error),
                None => _ = self.0.pipelines.borrow_mut().insert(key, Rc::new(pipeline)),
            }
        }
        refused.map_or(Ok(()), |error| Err(self.fault(&format!("it refused a kernel: {error}"))))
    }

    fn pipeline(&self, kernel: &Kernel) -> wgpu::ComputePipeline {
        let module = self.0.device.create_shader_module(wgpu::ShaderModuleDescriptor {
            label: Some(kernel.entry),
            source: wgpu::ShaderSource::Wgsl(kernel.source.clone()),
        });
        self.0.device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label: Some(kernel.entry),
            layout: Some(&self.0.pipeline_layout),
            module: &module,
            entry_point: Some(kernel.entry),
            compilation_options: wgpu::PipelineCompilationOptions::default(),
            cache: None,
        })
    }

    /// Binds an arena and a window of `window` bytes into a buffer of parameters.
    pub(super) fn bind(&self, mem: &wgpu::Buffer, params: &wgpu::Buffer, window: u64) -> wgpu::BindGroup {
        self.0.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: None,
            layout: &self.0.layout,
            entries: &[
                wgpu::BindGroupEntry { binding: 0, resource: mem.as_entire_binding() },
                wgpu::BindGroupEntry {
                    binding: 1,
                    resource: wgpu::BindingResource::Buffer(wgpu::BufferBinding {
                        buffer: params,
                        offset: 0,
                        size: wgpu::BufferSize::new(window),
                    }),
                },
            ],
        })
    }

    /// When everything submitted so far has been done.
    pub(super) async fn finished(&self) -> Result<(), Fault> {
        let (sender, receiver) = signal::channel();
        self.0.queue.on_submitted_work_done(move || sender.send(()));
        self.wait(None)?;
        receiver.await.ok_or_else(|| self.fault("it stopped answering"))?;
        self.lost().map_or(Ok(()), |why| Err(Fault::Lost(why)))
    }

    /// Natively, nothing but a wait brings the device's answers about; in a browser they come as events, and this
    /// does nothing.
    pub(super) fn wait(&self, submission: Option<wgpu::SubmissionIndex>) -> Result<(), Fault> {
        let wait = wgpu::PollType::Wait { submission_index: submission, timeout: None };
        self.0.device.poll(wait).map(drop).map_err(|e| self.fault(&e.to_string()))
    }
}

fn entry(binding: u32, ty: wgpu::BufferBindingType) -> wgpu::BindGroupLayoutEntry {
    wgpu::BindGroupLayoutEntry {
        binding,
        visibility: wgpu::ShaderStages::COMPUTE,
        ty: wgpu::BindingType::Buffer { ty, has_dynamic_offset: binding == 1, min_binding_size: None },
        count: None,
    }
}
