package hikyaku.server.net;

/**
 * How a session was let in.
 *
 * @param ticket its place among this node's connections
 * @param passage its place among all that limits know of
 * @param holdNanos how long it waits before anything else happens
 */
record Entry(Admission.Ticket ticket, Flow.Passage passage, long holdNanos) {
  /** Of one that is only told that it may not come in. */
  static final Entry REFUSED = new Entry(Admission.Ticket.NONE, Flow.Passage.FREE, 0);

  void release() {
    ticket.release();
    passage.end();
  }
}
