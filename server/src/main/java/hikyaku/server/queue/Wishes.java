package hikyaku.server.queue;

import hikyaku.server.smtpclient.Route;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;

/**
 * What an operator wants of those for whom a message waits, by their places, for as long as they
 * wait. Guarded as the message's jobs.
 */
final class Wishes {
  /** Who is kept back. */
  final BitSet held = new BitSet();

  /** Which way they are to go, if it is not that of the configuration. */
  final Map<Integer, Route> ways = new HashMap<>(0);

  /** Those who wait no more are forgotten. */
  void forget(int[] places) {
    for (int place : places) {
      held.clear(place);
      ways.remove(place);
    }
  }

  /** Whether all recipients of a job are kept back. */
  boolean holds(Job job) {
    return Arrays.stream(job.recipients).allMatch(held::get);
  }
}
