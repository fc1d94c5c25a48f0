//! Writes the file versions of a reply, all of them or none.
