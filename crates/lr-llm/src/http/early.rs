//! What a server has answered before it has read the whole request.
//!
//! A server that refuses a long request may answer and hang up in the midst of it. What could not be sent is not told
//! until it is known that there is no answer either.

use ureq::Error;
use ureq::unversioned::transport::{Buffers, ConnectionDetails, Connector, NextTimeout, Transport};

/// Makes transports that look for an answer where a request cannot be sent to its end.
#[derive(Debug)]
pub(super) struct EarlyAnswers;

impl<In: Transport> Connector<In> for EarlyAnswers {
    type Out = Listening<In>;

    fn connect(
        &self,
        _: &ConnectionDetails<'_>,
        chained: Option<In>,
    ) -> Result<Option<Self::Out>, Error> {
        Ok(chained.map(|inner| Listening {
            inner,
            broken: None,
            is_broken: false,
        }))
    }
}

/// A transport that is still listened to when nothing can be sent any more.
#[derive(Debug)]
pub(super) struct Listening<In> {
    inner: In,
    /// Nothing can be sent any more.
    is_broken: bool,
    /// Why, until that was told.
    broken: Option<Error>,
}

impl<In: Transport> Transport for Listening<In> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.inner.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        if self.is_broken {
            return Ok(());
        }
        match self.inner.transmit_output(amount, timeout) {
            Err(error @ Error::Io(_)) => {
                self.is_broken = true;
                self.broken = Some(error);
                Ok(())
            }
            result => result,
        }
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        let result = self.inner.await_input(timeout);
        match (&result, self.broken.take()) {
            (Ok(true), _) | (_, None) => result,
            (_, Some(broken)) => Err(broken),
        }
    }

    fn is_open(&mut self) -> bool {
        !self.is_broken && self.inner.is_open()
    }

    fn is_tls(&self) -> bool {
        self.inner.is_tls()
    }
}
