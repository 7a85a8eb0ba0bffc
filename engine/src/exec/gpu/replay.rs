//! An arena in the device's memory, and the recording of dispatches on it into submissions.

use std::rc::Rc;

use super::handle::Handle;
use super::kernel::Kernel;
use crate::exec::Fault;

/// Where the parameters of one dispatch begin: WebGPU wants a multiple of this.
const ALIGN: usize = 256;

/// A kernel, ready to run.
pub struct Dispatch {
    pipeline: Rc<wgpu::ComputePipeline>,
    /// Place of its parameters, in bytes.
    params: u32,
    groups: [u32; 2],
    work: u64,
}

/// The memory of a plan, and every dispatch that runs on it.
pub struct Arena {
    pub mem: wgpu::Buffer,
    bind: wgpu::BindGroup,
    dispatches: Vec<Dispatch>,
}

impl Arena {
    /// Memory for `floats` numbers, all 0, and the pipelines and parameters of `kernels`.
    pub async fn new(handle: &Handle, floats: usize, kernels: &[Kernel]) -> Result<Self, Fault> {
        let device = handle.device();
        let needed = (floats.max(1) as u64).saturating_mul(4);
        let limits = device.limits();
        let allowed = limits.max_storage_buffer_binding_size.min(limits.max_buffer_size);
        if needed > allowed {
            return Err(Fault::TooLarge { needed, allowed });
        }
        let usage = wgpu::BufferUsages::COPY_DST;
        let memory = device.push_error_scope(wgpu::ErrorFilter::OutOfMemory);
        let mem = device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("arena"),
            size: needed,
            usage: usage | wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_SRC,
            mapped_at_creation: false,
        });
        if memory.pop().await.is_some() {
            return Err(handle.fault(&format!("it has no {:.1} MB left", needed as f64 / 1e6)));
        }

        let mut bytes = Vec::new();
        let mut places = Vec::with_capacity(kernels.len());
        let mut window = 16;
        for kernel in kernels {
            places.push(bytes.len() as u32);
            bytes.extend(kernel.params.iter().flat_map(|v| v.to_ne_bytes()));
            window = window.max((kernel.params.len() * 4).next_multiple_of(16));
            bytes.resize(bytes.len().next_multiple_of(ALIGN), 0);
        }
        // The last window must lie within the buffer too.
        bytes.resize(bytes.len() + window.next_multiple_of(ALIGN), 0);
        let params = device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("parameters"),
            size: bytes.len() as u64,
            usage: usage | wgpu::BufferUsages::UNIFORM,
            mapped_at_creation: false,
        });
        handle.queue().write_buffer(&params, 0, &bytes);

        let pipelines = handle.compile(&kernels.iter().collect::<Vec<_>>()).await?;
        let dispatches = kernels
            .iter()
            .zip(pipelines)
            .zip(places)
            .map(|((kernel, pipeline), params)| Dispatch { pipeline, params, groups: kernel.groups, work: kernel.work })
            .collect();
        let bind = handle.bind(&mem, &params, window as u64);
        Ok(Self { mem, bind, dispatches })
    }

    pub fn dispatches(&self) -> &[Dispatch] {
        &self.dispatches
    }
}

/// Seconds that a dispatch takes beside its work, as far as is assumed.
const DISPATCH: f64 = 30e-6;
/// Seconds of work in one submission. Windows resets a device that does not answer for two, and everything else that
/// wants to draw waits for a submission's end.
const SUBMISSION: f64 = 0.05;

/// Records dispatches, many to a submission and all in one pass.
pub struct Recorder<'a> {
    handle: &'a Handle,
    arena: &'a Arena,
    /// Operations in a second, as far as is known.
    rate: f64,
    open: Option<(wgpu::CommandEncoder, wgpu::ComputePass<'static>)>,
    /// Seconds that the open submission is expected to take.
    spent: f64,
}

impl<'a> Recorder<'a> {
    pub fn new(handle: &'a Handle, arena: &'a Arena, rate: f64) -> Self {
        Self { handle, arena, rate, open: None, spent: 0.0 }
    }

    pub fn dispatch(&mut self, dispatch: &Dispatch) {
        let (_, pass) = self.open.get_or_insert_with(|| {
            let mut encoder = self.handle.device().create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
            let pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default()).forget_lifetime();
            (encoder, pass)
        });
        pass.set_pipeline(&dispatch.pipeline);
        pass.set_bind_group(0, &self.arena.bind, &[dispatch.params]);
        pass.dispatch_workgroups(dispatch.groups[0], dispatch.groups[1], 1);
        self.spent += DISPATCH + dispatch.work as f64 / self.rate;
        if self.spent > SUBMISSION {
            self.submit();
        }
    }

    /// Hands over what was recorded.
    pub fn submit(&mut self) {
        self.spent = 0.0;
        if let Some((encoder, pass)) = self.open.take() {
            drop(pass);
            self.handle.queue().submit([encoder.finish()]);
        }
    }
}
