//! Running another program: time limit, bounded capture, clean environment.
