//! Places at which a test can make this program die, fail or wait. Compiled to nothing without
//! the feature `failpoints`, which no release can have.

mod point;

pub(crate) use point::Point;

#[cfg(all(feature = "failpoints", not(debug_assertions)))]
compile_error!("the feature `failpoints` is for tests only");

/// Passes `point`. Whether what comes next is to fail, where a test wants that.
#[inline]
pub(crate) fn fails(point: Point) -> bool {
    #[cfg(feature = "failpoints")]
    return armed::fails(point);
    #[cfg(not(feature = "failpoints"))]
    {
        let _nothing_is_armed = point;
        false
    }
}

/// Passes `point`, where nothing can fail.
#[inline]
pub(crate) fn pass(point: Point) {
    let _nothing_can_fail = fails(point);
}

#[cfg(feature = "failpoints")]
pub(crate) use armed::arm;

#[cfg(feature = "failpoints")]
mod armed {
    //! What a test wants.

    use std::{
        fs::File,
        io::Read as _,
        path::PathBuf,
        sync::{
            OnceLock,
            atomic::{AtomicUsize, Ordering},
        },
    };

    use super::Point;

    static ARMED: OnceLock<Vec<Armed>> = OnceLock::new();

    struct Armed {
        point: Point,
        kind: Kind,
        /// How often it was passed.
        passed: AtomicUsize,
    }

    enum Kind {
        /// The process ends on the spot, after it was passed so often.
        Abort(usize),
        /// What comes next fails, the first time.
        Error,
        /// What comes next fails each time.
        Errors,
        /// Waits until this pipe was opened for writing and closed, the first time.
        Block(PathBuf),
    }

    /// Arms points, as `BeginWritten=abort,FinishWritten=errors,EffectDone=block:/pipe`; with
    /// `abort:2` it is passed twice before.
    ///
    /// # Errors
    /// The part that says nothing.
    pub(crate) fn arm(text: &str) -> Result<(), String> {
        let read = |part: &str| {
            let (name, kind) = part.split_once('=')?;
            let mut all = Point::ALL.into_iter();
            let kind = match kind {
                "abort" => Kind::Abort(0),
                "error" => Kind::Error,
                "errors" => Kind::Errors,
                other => match other.strip_prefix("abort:") {
                    Some(times) => Kind::Abort(times.parse().ok()?),
                    None => Kind::Block(PathBuf::from(other.strip_prefix("block:")?)),
                },
            };
            Some(Armed {
                point: all.find(|point| format!("{point:?}") == name)?,
                kind,
                passed: AtomicUsize::new(0),
            })
        };
        let parts = text.split(',').filter(|part| !part.is_empty());
        let armed: Result<Vec<Armed>, String> = parts
            .map(|part| read(part).ok_or_else(|| part.to_owned()))
            .collect();
        let _armed_before = ARMED.set(armed?);
        Ok(())
    }

    pub(super) fn fails(point: Point) -> bool {
        let mut armed = ARMED.get().into_iter().flatten();
        let Some(armed) = armed.find(|armed| armed.point == point) else {
            return false;
        };
        let passed = armed.passed.fetch_add(1, Ordering::SeqCst);
        let is_first = passed == 0;
        match &armed.kind {
            Kind::Abort(times) if *times == passed => std::process::abort(),
            Kind::Error => is_first,
            Kind::Errors => true,
            Kind::Block(pipe) if is_first => {
                // Whatever went wrong with the pipe, the test will miss what it waits for.
                let _let_go =
                    File::open(pipe).and_then(|mut pipe| pipe.read_to_end(&mut Vec::new()));
                false
            }
            Kind::Abort(_) | Kind::Block(_) => false,
        }
    }
}
