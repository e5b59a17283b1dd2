//! Daemons as a service manager keeps them: where none is left, one is started.

use std::process::{Child, ExitStatus};

use crate::folder::Folder;
use crate::process;

/// What a daemon ends with that was replaced by another one.
const HALTED: i32 = 4;

/// The daemons of one folder, the newest last.
pub struct Owners<'f> {
    folder: &'f Folder,
    running: Vec<Child>,
}

// === impl Owners ===

impl<'f> Owners<'f> {
    /// With one daemon.
    pub fn start(folder: &'f Folder) -> Owners<'f> {
        let mut owners = Owners { folder, running: Vec::new() };
        owners.add();
        owners
    }

    /// Starts another one.
    pub fn add(&mut self) {
        self.running.push(self.folder.start_quietly(&["run"]));
    }

    /// Sees to it that there is one. One that ended by itself must have been replaced.
    pub fn tend(&mut self) {
        self.running.retain_mut(|process| match process.try_wait().expect("the process is ours") {
            Some(status) => is_replaced(status),
            None => true,
        });
        if self.running.is_empty() {
            self.add();
        }
    }

    /// Kills the newest, and starts another one.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.running.pop() {
            process.kill().expect("it can be killed");
            process.wait().expect("the process is ours");
        }
        self.add();
    }

    /// Lets all stand still that there are now.
    pub fn pause(&self) {
        self.running.iter().for_each(|process| process::pause(process.id()));
    }

    /// Lets all go on.
    pub fn resume(&self) {
        self.running.iter().for_each(|process| process::resume(process.id()));
    }

    /// Asks all to end, and waits; one may find that it was replaced.
    pub fn end(mut self) {
        for process in &self.running {
            process::terminate(process.id());
        }
        for mut process in self.running.drain(..) {
            let status = process.wait().expect("the process is ours");
            assert!(status.success() || !is_replaced(status), "{status}");
        }
    }
}

impl Drop for Owners<'_> {
    fn drop(&mut self) {
        for process in &mut self.running {
            // It may have ended already.
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

/// False, so that it is no longer kept; anything but a replacement is a failure.
fn is_replaced(status: ExitStatus) -> bool {
    assert_eq!(status.code(), Some(HALTED), "a daemon ended by itself");
    false
}
