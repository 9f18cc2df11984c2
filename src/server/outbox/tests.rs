//! Messages come out in order, whoever writes them.

use super::*;

/// What is written of what waits, until its end.
fn rest_of(outbox: &Outbox) -> Vec<u8> {
    outbox.close();
    let mut written = Vec::new();
    outbox.write_to(&mut written).unwrap();
    written
}

#[test]
fn everything_comes_out_in_order_one_message_a_line() {
    let outbox = Outbox::default();
    outbox.push(&b"a".to_vec());
    outbox.push(&b"b".to_vec());
    assert_eq!(rest_of(&outbox), b"a\nb\n");
}

/// An output that takes so many bytes more at once, what it has got, and who waited for room in it.
#[derive(Default)]
struct Pipe {
    room: usize,
    got: Vec<u8>,
    by_thread: usize,
}

/// An outbox on such a pipe, and the pipe.
fn on_pipe(room: usize) -> (Outbox, Arc<Mutex<Pipe>>) {
    let (outbox, pipe) = (Outbox::default(), Arc::new(Mutex::new(Pipe::default())));
    pipe.lock().unwrap().room = room;
    let at = Arc::clone(&pipe);
    outbox.write_at_once_by(Box::new(move |bytes| {
        let mut pipe = at.lock().unwrap();
        let taken = bytes.len().min(pipe.room);
        if taken == 0 {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        pipe.room -= taken;
        pipe.got.extend_from_slice(&bytes[..taken]);
        Ok(taken)
    }));
    (outbox, pipe)
}

/// The thread's way into it.
struct Waiter(Arc<Mutex<Pipe>>);

impl Write for Waiter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut pipe = self.0.lock().unwrap();
        pipe.by_thread += bytes.len();
        pipe.got.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn who_answers_writes_what_is_taken_at_once_and_the_thread_the_rest() {
    for (room, by_thread) in [(100, 0), (9, 0), (8, 1), (4, 5), (3, 6), (0, 9)] {
        let (outbox, pipe) = on_pipe(room);
        let told = Arc::new(Mutex::new(Vec::new()));
        wake::together(|| {
            for text in ["ab", "cd", "ef"] {
                let told = Arc::clone(&told);
                let note: Note = Box::new(move || told.lock().unwrap().push(text));
                outbox.push_noting(&text.as_bytes().to_vec(), vec![note]);
            }
            assert_eq!(pipe.lock().unwrap().got, b"", "not before the end");
        });
        assert_eq!(pipe.lock().unwrap().got.len(), room.min(9));
        let expected: &[&str] = if by_thread == 0 {
            &["ab", "cd", "ef"]
        } else {
            &[]
        };
        assert_eq!(*told.lock().unwrap(), expected);
        outbox.close();
        outbox.write_to(Waiter(Arc::clone(&pipe))).unwrap();
        let pipe = pipe.lock().unwrap();
        assert_eq!(pipe.got, b"ab\ncd\nef\n");
        assert_eq!(pipe.by_thread, by_thread, "{room}");
        assert_eq!(*told.lock().unwrap(), ["ab", "cd", "ef"]);
    }
}

#[test]
fn nothing_is_begun_once_it_is_closed() {
    let (outbox, pipe) = on_pipe(100);
    outbox.push(&b"before".to_vec());
    outbox.close();
    wake::together(|| outbox.push(&b"after".to_vec()));
    assert_eq!(pipe.lock().unwrap().got, b"");
    outbox.write_to(Waiter(Arc::clone(&pipe))).unwrap();
    assert_eq!(pipe.lock().unwrap().got, b"before\nafter\n");
    wake::together(|| outbox.push(&b"late".to_vec()));
    assert_eq!(pipe.lock().unwrap().got, b"before\nafter\n");
}

#[test]
fn an_output_that_cannot_be_written_to_so_is_asked_once() {
    let (outbox, asked) = (Outbox::default(), Arc::new(Mutex::new(0)));
    let at = Arc::clone(&asked);
    outbox.write_at_once_by(Box::new(move |_| {
        *at.lock().unwrap() += 1;
        Err(io::ErrorKind::Unsupported.into())
    }));
    for text in [b"a", b"b"] {
        wake::together(|| outbox.push(&text.to_vec()));
    }
    assert_eq!(*asked.lock().unwrap(), 1);
    assert_eq!(rest_of(&outbox), b"a\nb\n");
}

#[test]
fn what_comes_while_somebody_writes_comes_after_it() {
    let outbox = Arc::new(Outbox::default());
    let (again, got) = (Arc::clone(&outbox), Arc::new(Mutex::new(Vec::new())));
    let at = Arc::clone(&got);
    outbox.write_at_once_by(Box::new(move |bytes| {
        if bytes == b"a\n" {
            wake::together(|| again.push(&b"b".to_vec()));
        }
        at.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }));
    wake::together(|| outbox.push(&b"a".to_vec()));
    assert_eq!(*got.lock().unwrap(), b"a\n");
    assert_eq!(rest_of(&outbox), b"b\n");
}

#[test]
fn p31_a_client_that_no_longer_reads_ends_the_writing_and_frees_the_memory() {
    struct Gone;
    impl Write for Gone {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let outbox = Outbox::default();
    outbox.push(&vec![b'x'; OUTBOX_BYTES_MAX + 1]);
    assert_eq!(
        outbox.write_to(Gone).unwrap_err().kind(),
        io::ErrorKind::BrokenPipe
    );
    outbox.push(&b"more".to_vec());
    outbox.wait_for_room();
    assert_eq!(outbox.0.state().waiting.bytes.capacity(), 0);
}
