//! The machine's side of the tool chest: browser, its driver, a Vulkan driver and Node, from the system's packages.

use std::path::{Path, PathBuf};

use crate::step::{Done, ask, find, program, root, run, target};

/// A browser of Chromium's family and the driver of the same version.
pub struct Browser {
    pub program: PathBuf,
    pub driver: PathBuf,
}

const BROWSERS: &[&str] = &["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];
const DRIVERS: &[&str] = &["chromedriver", "chromium.chromedriver"];

/// The oldest Node that has the test runner's options used here; Debian 12 ships 18.20.
const NODE: (u32, u32) = (18, 19);

/// The browser to test in: named by `CHROMIUM` and `CHROMEDRIVER`, found on the search path, or installed.
pub fn browser() -> Result<Browser, String> {
    if let Some(browser) = look_for_browser() {
        return Ok(browser);
    }
    println!("No Chromium with its chromedriver was found; the page is tested in it.");
    packages(
        &["chromium", "chromium-driver"],
        "install Chromium or Chrome and the chromedriver of the same version, \
         and name them in CHROMIUM and CHROMEDRIVER if they are not on the search path",
    )?;
    look_for_browser().ok_or_else(|| "the browser's packages are installed, yet neither program was found".to_owned())
}

fn look_for_browser() -> Option<Browser> {
    let mac = Path::new("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome");
    let program = named("CHROMIUM")
        .or_else(|| BROWSERS.iter().find_map(|name| find(name)))
        .or_else(|| mac.is_file().then(|| mac.to_path_buf()))?;
    let driver = named("CHROMEDRIVER").or_else(|| DRIVERS.iter().find_map(|name| find(name)))?;
    Some(Browser { program, driver })
}

fn named(variable: &str) -> Option<PathBuf> {
    std::env::var_os(variable).map(PathBuf::from).filter(|file| file.is_file())
}

/// A software Vulkan driver, so that the native GPU tests have an adapter where there is no graphics card.
pub fn vulkan() -> Done {
    let folders = ["/usr/share/vulkan/icd.d", "/etc/vulkan/icd.d", "/usr/local/share/vulkan/icd.d"];
    let driver = |dir: &&str| std::fs::read_dir(dir).is_ok_and(|mut files| files.next().is_some());
    if !cfg!(target_os = "linux") || folders.iter().any(driver) {
        return Ok(());
    }
    println!("No Vulkan driver was found; the native GPU tests run on one (Mesa's needs no graphics card).");
    packages(&["mesa-vulkan-drivers"], "install a Vulkan driver")
}

/// Node and npm, and the pinned npm packages of `e2e/`: the browser's remote control and wasm-opt.
pub fn node() -> Done {
    if find("node").is_none() || find("npm").is_none() {
        println!("Node with npm was not found; it drives the browser in the end-to-end tests and runs wasm-opt.");
        let missing: Vec<_> = [("node", "nodejs"), ("npm", "npm")]
            .into_iter()
            .filter_map(|(name, package)| find(name).is_none().then_some(package))
            .collect();
        packages(&missing, "install Node 18.19 or newer with npm")?;
    }
    let version = ask(program("node", ["--version"])).unwrap_or_default();
    if node_version(&version) < NODE {
        return Err(format!("Node {version} is too old: install {}.{} or newer", NODE.0, NODE.1));
    }
    let (lock, seal) = (root().join("e2e/package-lock.json"), root().join("e2e/node_modules/.package-lock.json"));
    let time = |file: &Path| std::fs::metadata(file).and_then(|meta| meta.modified()).ok();
    if time(&seal).is_some_and(|sealed| time(&lock).is_some_and(|locked| locked <= sealed)) {
        return Ok(());
    }
    println!("The npm packages of e2e/ are missing or older than their lock file. npm fetches them now.");
    let mut npm = program("npm", ["ci", "--no-audit", "--no-fund", "--ignore-scripts"]);
    npm.current_dir(root().join("e2e"));
    run(npm)
}

/// `v20.11.1` as (20, 11); an unreadable answer counts as old.
fn node_version(text: &str) -> (u32, u32) {
    let mut parts = text.trim_start_matches('v').split('.').map(|part| part.parse().unwrap_or(0));
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0))
}

/// Installs Debian packages; elsewhere, or without the right to, says what to do instead.
fn packages(names: &[&str], elsewhere: &str) -> Done {
    if find("apt-get").is_none() {
        return Err(format!("this system has no apt-get: {elsewhere}, then try again"));
    }
    let root = ask(program("id", ["-u"])).as_deref() == Some("0");
    if !root && find("sudo").is_none() {
        return Err(format!("run as root: apt-get install {}", names.join(" ")));
    }
    let apt = |args: &[&str]| {
        let mut command = if root { program("apt-get", args) } else { program("sudo", [&["apt-get"], args].concat()) };
        command.env("DEBIAN_FRONTEND", "noninteractive");
        run(command)
    };
    println!("apt-get installs now: {}.", names.join(", "));
    apt(&["update"])?;
    apt(&[&["install", "--yes", "--no-install-recommends"], names].concat())
}

/// Writes what the wasm test runner tells the driver: which browser, with which flags. Returns the file's path.
pub fn webdriver(browser: &Browser) -> Result<PathBuf, String> {
    let flags = root().join("e2e/flags.json");
    let flags = std::fs::read_to_string(&flags).map_err(|error| format!("{}: {error}", flags.display()))?;
    let program = browser.program.to_string_lossy().replace('\\', "\\\\").replace('"', "\\\"");
    let file = target().join("webdriver.json");
    let text = format!("{{\"goog:chromeOptions\":{{\"binary\":\"{program}\",\"args\":{flags}}}}}\n");
    std::fs::write(&file, text).map_err(|error| format!("{}: {error}", file.display()))?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_node_versions() {
        assert_eq!(node_version("v20.11.1"), (20, 11));
        assert_eq!(node_version(""), (0, 0));
        assert!(node_version("v18.20.4") >= NODE && node_version("v18.9.0") < NODE);
    }
}
