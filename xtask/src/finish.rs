//! The last touch to a release page, called by trunk when all its files lie in the staging folder.
//!
//! - wasm-opt makes the wasm smaller, esbuild what goes with it. Only those pinned in `e2e/package.json` are used: a
//!   system's older wasm-opt can exit well and leave a page that does not start. Without them the page is larger and
//!   otherwise the same.
//! - The style sheets become one: a file, and a journey, instead of twenty.
//! - The workers' files get names of their own content, which trunk leaves out; else a browser could join a cached
//!   worker to a newer page after an update.
//! - The Content-Security-Policy is written into the page. A served page has none, since trunk's reload is an inline
//!   script.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::step::{Done, program, root, run};

/// The programs that run in workers of the page.
const WORKERS: [&str; 3] = ["worker", "examiner", "reader"];

/// What the page may do. plotters measures text by an element with a style attribute, hence `style-src-attr`.
const POLICY: &str = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self' blob:; \
     style-src 'self'; style-src-attr 'unsafe-inline'; img-src 'self' data: blob:; connect-src 'self'; \
     base-uri 'self'; object-src 'none'; form-action 'none'";

/// Reads trunk's `TRUNK_PROFILE` and `TRUNK_STAGING_DIR`; does nothing to a page that is not for release.
pub fn finish() -> Done {
    let staging = std::env::var_os("TRUNK_STAGING_DIR")
        .map(PathBuf::from)
        .ok_or("this is trunk's last step: run `cargo xtask build` instead")?;
    let index = staging.join("index.html");
    let page = read(&index)?;
    let release = std::env::var("TRUNK_PROFILE").is_ok_and(|profile| profile == "release");
    if !release || page.contains("__TRUNK_") || page.contains("/.well-known/trunk/") {
        return Ok(());
    }
    optimise(&staging)?;
    let page = join_styles(&staging, &page)?;
    shorten(&staging)?;
    let page = WORKERS.iter().try_fold(page, |page, worker| name_worker(&staging, &page, worker))?;
    write(&index, &with_policy(&page)?)
}

/// One of the tools of `e2e/`, by its path below `node_modules`. Where it is missing, people are told.
fn tool(path: &str) -> Option<PathBuf> {
    let tool = root().join("e2e/node_modules").join(path);
    if tool.is_file() {
        return Some(tool);
    }
    println!(
        "{} is not installed (`npm ci` in e2e/ brings it): the page works, but is larger than it need be.",
        name(&tool)
    );
    None
}

fn optimise(staging: &Path) -> Done {
    let Some(tool) = tool("binaryen/bin/wasm-opt") else { return Ok(()) };
    for file in files(staging, "_bg.wasm")? {
        let before = size(&file)?;
        let trains = ["worker", "examiner"].iter().any(|w| name(&file).starts_with(w));
        let level = if trains { "-O3" } else { "-Oz" };
        let optimised = file.with_extension("opt");
        let mut wasm_opt = program("node", [tool.as_path()]);
        // The features that rustc turns on for this target by default, and the engine's SIMD.
        wasm_opt.args([level, "--enable-simd", "--enable-bulk-memory", "--enable-nontrapping-float-to-int"]);
        wasm_opt.args(["--enable-sign-ext", "--enable-mutable-globals", "--enable-reference-types"]);
        run({
            wasm_opt.arg("--enable-multivalue").arg(&file).arg("-o").arg(&optimised);
            wasm_opt
        })?;
        fs::rename(&optimised, &file).map_err(|error| format!("{}: {error}", file.display()))?;
        println!("{}: {before} → {} bytes", name(&file), size(&file)?);
    }
    Ok(())
}

/// Puts all style sheets into one, in the order in which the page names them, and returns the page that names it.
fn join_styles(staging: &Path, page: &str) -> Result<String, String> {
    let index = Path::new("index.html");
    let (mut all, mut left, mut place) = (String::new(), String::new(), None);
    for line in page.lines() {
        let Some(file) = line.trim().strip_prefix("<link rel=\"stylesheet\" href=\"./").and_then(|l| l.split_once('"'))
        else {
            left.extend([line, "\n"]);
            continue;
        };
        place.get_or_insert(left.len());
        let sheet = staging.join(file.0);
        all.push_str(&read(&sheet)?);
        fs::remove_file(&sheet).map_err(|error| format!("{}: {error}", sheet.display()))?;
    }
    let place = place.ok_or_else(|| format!("{} names no style sheet", index.display()))?;
    let called = format!("style-{:016x}.css", digest(all.bytes()));
    write(&staging.join(&called), &all)?;
    left.insert_str(place, &format!("  <link rel=\"stylesheet\" href=\"./{called}\"/>\n"));
    Ok(left)
}

/// Takes what only people read out of the scripts that belong to the wasm, and out of the style sheet.
fn shorten(staging: &Path) -> Done {
    let Some(esbuild) = tool("esbuild/bin/esbuild") else { return Ok(()) };
    let with_wasm = |file: &Path| file.with_file_name(name(file).replace(".js", "_bg.wasm")).is_file();
    let scripts = files(staging, ".js")?.into_iter().filter(|file| with_wasm(file));
    for file in scripts.chain(files(staging, ".css")?) {
        let mut shorter = program("node", [esbuild.as_path()]);
        let out = format!("--outfile={}", file.display());
        run({
            shorter.args(["--minify", "--allow-overwrite", "--log-level=warning"]).arg(out).arg(&file);
            shorter
        })?;
    }
    Ok(())
}

/// Renames a worker's files, as `worker.js`, `worker_bg.wasm` and `worker_loader.js`, mends their references to one
/// another, and returns the page with the new name.
fn name_worker(staging: &Path, page: &str, worker: &str) -> Result<String, String> {
    let [old_glue, old_wasm, old_loader] = [".js", "_bg.wasm", "_loader.js"].map(|ending| format!("{worker}{ending}"));
    let (glue, wasm, loader) = (staging.join(&old_glue), staging.join(&old_wasm), staging.join(&old_loader));
    let bytes = fs::read(&wasm).map_err(|error| format!("{}: {error}", wasm.display()))?;
    let stem = format!("{worker}-{:016x}", digest(read(&glue)?.bytes().chain(bytes)));

    move_to(&wasm, &staging.join(format!("{stem}_bg.wasm")))?;
    let mended = swap(&read(&glue)?, &old_wasm, &format!("{stem}_bg.wasm"), &glue)?;
    write(&glue, &mended)?;
    move_to(&glue, &staging.join(format!("{stem}.js")))?;
    let mended = swap(&read(&loader)?, &format!("./{old_glue}"), &format!("./{stem}.js"), &loader)?;
    write(&loader, &mended)?;
    move_to(&loader, &staging.join(format!("{stem}_loader.js")))?;
    swap(page, &old_loader, &format!("{stem}_loader.js"), Path::new("index.html"))
}

fn with_policy(page: &str) -> Result<String, String> {
    let meta = format!("<head>\n  <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">");
    swap(page, "<head>", &meta, Path::new("index.html"))
}

/// FNV-1a, 64 bits: a name, not a seal.
fn digest(bytes: impl Iterator<Item = u8>) -> u64 {
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// Replaces every `old`; an error if there is none, since then trunk's output has changed under us.
fn swap(text: &str, old: &str, new: &str, file: &Path) -> Result<String, String> {
    if text.contains(old) { Ok(text.replace(old, new)) } else { Err(format!("{} names no `{old}`", file.display())) }
}

fn files(folder: &Path, ending: &str) -> Result<Vec<PathBuf>, String> {
    let entries = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut found: Vec<_> =
        entries.filter_map(|entry| entry.ok().map(|e| e.path())).filter(|path| name(path).ends_with(ending)).collect();
    found.sort();
    Ok(found)
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn size(file: &Path) -> Result<u64, String> {
    fs::metadata(file).map(|meta| meta.len()).map_err(|error| format!("{}: {error}", file.display()))
}

fn read(file: &Path) -> Result<String, String> {
    fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))
}

fn write(file: &Path, text: &str) -> Done {
    fs::write(file, text).map_err(|error| format!("{}: {error}", file.display()))
}

fn move_to(from: &Path, to: &Path) -> Done {
    fs::rename(from, to).map_err(|error| format!("{}: {error}", from.display()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_worker_is_named_after_its_content() {
        let staging = std::env::temp_dir().join(format!("finish-{}", std::process::id()));
        fs::create_dir_all(&staging).unwrap();
        write(&staging.join("worker.js"), "new URL('worker_bg.wasm', import.meta.url)").unwrap();
        write(&staging.join("worker_bg.wasm"), "\0asm").unwrap();
        write(&staging.join("worker_loader.js"), "import init from './worker.js';await init();").unwrap();
        let page = name_worker(&staging, "<meta name=\"worker\" content=\"worker_loader.js\">", "worker").unwrap();

        let loader = files(&staging, "_loader.js").unwrap().remove(0);
        let stem = name(&loader).replace("_loader.js", "");
        assert!(stem.starts_with("worker-") && page.contains(&name(&loader)));
        assert!(read(&loader).unwrap().contains(&format!("./{stem}.js")));
        assert!(read(&staging.join(format!("{stem}.js"))).unwrap().contains(&format!("{stem}_bg.wasm")));
        assert!(staging.join(format!("{stem}_bg.wasm")).is_file());
        fs::remove_dir_all(&staging).unwrap();
    }

    #[test]
    fn style_sheets_are_joined_in_their_order() {
        let staging = std::env::temp_dir().join(format!("styles-{}", std::process::id()));
        fs::create_dir_all(&staging).unwrap();
        write(&staging.join("a-1.css"), "p { color: red }\n").unwrap();
        write(&staging.join("b-2.css"), "p { color: blue }\n").unwrap();
        let link = |file: &str| format!("  <link rel=\"stylesheet\" href=\"./{file}\"/>\n");
        let page = format!("<head>\n{}{}</head>\n", link("b-2.css"), link("a-1.css"));
        let joined = join_styles(&staging, &page).unwrap();

        let sheets = files(&staging, ".css").unwrap();
        assert_eq!(sheets.len(), 1);
        assert_eq!(read(&sheets[0]).unwrap(), "p { color: blue }\np { color: red }\n");
        assert_eq!(joined, format!("<head>\n{}</head>\n", link(&name(&sheets[0]))));
        assert!(join_styles(&staging, "<head></head>").is_err());
        fs::remove_dir_all(&staging).unwrap();
    }

    #[test]
    fn the_policy_comes_first() {
        let page = with_policy("<html><head><title>x</title></head></html>").unwrap();
        assert!(page.find("Content-Security-Policy") < page.find("<title>"));
        assert!(with_policy("<html></html>").is_err());
    }
}
