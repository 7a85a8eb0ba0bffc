//! Why there is no graphics processor to run on, told truthfully.

use std::fmt;

use crate::diagnostic::Diagnostic;

/// Why no device could be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Absent {
    /// Browsers offer WebGPU in secure contexts only, and this page is in none.
    Insecure,
    /// This browser has no WebGPU, or not in workers.
    Unsupported,
    /// The browser has WebGPU but finds no adapter it would use.
    NoAdapter,
    /// The system has no driver for a graphics processor.
    NoDriver,
    /// There is an adapter, but it refused to open a device, for this reason.
    Refused(String),
}

impl Absent {
    /// What the person can do about it.
    pub fn mend(&self) -> &'static str {
        match self {
            Absent::Insecure => "Open the page over https:// or from localhost.",
            Absent::Unsupported => "Use a current version of Chrome, Edge, Firefox or Safari.",
            Absent::NoAdapter => {
                "Turn on hardware acceleration in the browser's settings and update the graphics driver; on Linux, \
                 Chrome may also need chrome://flags/#enable-unsafe-webgpu."
            }
            Absent::NoDriver => {
                "Install a driver for the graphics processor, or a software one such as Mesa's \
                 (mesa-vulkan-drivers on Debian)."
            }
            Absent::Refused(_) => "Close other pages that use the graphics processor and try again.",
        }
    }

    pub fn diagnostic(&self) -> Diagnostic {
        Diagnostic::new("graphics processor", self.to_string(), self.mend())
    }
}

impl fmt::Display for Absent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Absent::Insecure => f.write_str("The browser offers WebGPU only to pages from a secure address."),
            Absent::Unsupported => f.write_str("This browser does not offer WebGPU here."),
            Absent::NoAdapter => {
                f.write_str("The browser has WebGPU but found no graphics processor that it will use.")
            }
            Absent::NoDriver => f.write_str("This system has no driver for a graphics processor."),
            Absent::Refused(why) => write!(f, "The graphics processor refused to open: {why}."),
        }
    }
}

impl std::error::Error for Absent {}
