//! Dropping what is large on a thread of its own: giving a photo's memory back takes longer than a frame. Keeps nothing alive.

use std::sync::LazyLock;

use crossbeam_channel::Sender;

/// Whatever is to be dropped.
type Waste = Box<dyn Send>;

/// The thread that drops; `None` when the system gives none.
static DISPOSAL: LazyLock<Option<Sender<Waste>>> = LazyLock::new(|| {
    let (sender, receiver) = crossbeam_channel::unbounded::<Waste>();
    let thread = std::thread::Builder::new().name("disposal".to_owned());
    let spawned = thread.spawn(move || receiver.into_iter().for_each(drop));
    spawned
        .inspect_err(|error| tracing::warn!("no thread to give memory back on: {error}"))
        .ok()
        .map(|_| sender)
});

/// Drops `value` on another thread, so that the caller does not wait for its memory to be given back.
pub fn drop_apart<T: Send + 'static>(value: T) {
    if let Some(disposal) = &*DISPOSAL {
        // A value that cannot be sent is dropped here.
        drop(disposal.send(Box::new(value)));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    struct TellsItsThread(Sender<std::thread::ThreadId>);

    impl Drop for TellsItsThread {
        fn drop(&mut self) {
            self.0.send(std::thread::current().id()).unwrap();
        }
    }

    #[test]
    fn what_is_dropped_apart_is_dropped_on_another_thread() {
        let (sender, receiver) = crossbeam_channel::bounded(1);
        drop_apart(TellsItsThread(sender));
        let dropped_on = receiver.recv_timeout(Duration::from_mins(1)).unwrap();
        assert_ne!(dropped_on, std::thread::current().id());
    }
}
