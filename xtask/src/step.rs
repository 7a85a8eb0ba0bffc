//! Running other programs: said aloud, timed, and stopped at the first failure.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

/// What a chore returns: nothing, or a sentence for the person.
pub type Done = Result<(), String>;

/// The workspace's root folder.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map_or_else(PathBuf::new, Path::to_path_buf)
}

/// Where cargo builds.
pub fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |dir| root().join(dir))
}

/// The search path of every program started here: the pinned tools first, then cargo's own, then the person's.
fn search_path() -> std::ffi::OsString {
    let cargo_home = std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::home_dir().map(|home| home.join(".cargo")))
        .unwrap_or_default();
    let own = [target().join("tools/bin"), cargo_home.join("bin")];
    let theirs = std::env::var_os("PATH").unwrap_or_default();
    std::env::join_paths(own.into_iter().chain(std::env::split_paths(&theirs))).unwrap_or(theirs)
}

/// A program with its arguments, to be run in the workspace's root.
pub fn program<I: AsRef<OsStr>>(name: impl AsRef<OsStr>, args: impl IntoIterator<Item = I>) -> Command {
    let path = search_path();
    // Looked up here, because `Command` searches the parent's path, not the child's, on some systems.
    let name = find_in(&path, name.as_ref()).unwrap_or_else(|| name.as_ref().into());
    let mut command = Command::new(name);
    command.args(args).current_dir(root()).env("PATH", path);
    command
}

/// Where a program of this name lies, if anywhere.
pub fn find(name: &str) -> Option<PathBuf> {
    find_in(&search_path(), OsStr::new(name))
}

fn find_in(path: &OsStr, name: &OsStr) -> Option<PathBuf> {
    std::env::split_paths(path)
        .map(|dir| dir.join(name).with_extension(std::env::consts::EXE_EXTENSION))
        .find(|file| file.is_file())
}

/// Runs a program and lets it speak to the terminal.
pub fn run(mut command: Command) -> Done {
    println!("$ {}", line(&command));
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("`{}` ended with {status}", line(&command))),
        Err(error) => Err(format!("`{}` could not be started: {error}", line(&command))),
    }
}

/// What a program prints, trimmed; `None` when it is missing or fails.
pub fn ask(mut command: Command) -> Option<String> {
    let output = command.stderr(Stdio::null()).output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// A command as a person would type it.
fn line(command: &Command) -> String {
    let name = Path::new(command.get_program()).file_name().unwrap_or_default();
    let words = std::iter::once(name).chain(command.get_args()).map(OsStr::to_string_lossy);
    words.collect::<Vec<_>>().join(" ")
}

/// One part of a chore: its title, its time and, when it fails, its name in the reason.
pub fn step(title: &str, body: impl FnOnce() -> Done) -> Done {
    println!("\n── {title}");
    let start = Instant::now();
    let done = body();
    let time = clock(start.elapsed());
    match done {
        Ok(()) => {
            println!("── {title}: done in {time}");
            Ok(())
        }
        Err(reason) => Err(format!("the step “{title}” failed after {time}: {reason}")),
    }
}

fn clock(time: Duration) -> String {
    let seconds = time.as_secs();
    if seconds < 60 {
        format!("{:.1} s", time.as_secs_f64())
    } else {
        format!("{} min {} s", seconds / 60, seconds % 60)
    }
}
