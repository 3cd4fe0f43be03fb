package hikyaku.stores.postgres;

import hikyaku.mailbox.store.Append;
import hikyaku.mailbox.store.BlobId;
import hikyaku.mailbox.store.Event;
import hikyaku.mailbox.store.LogName;
import hikyaku.mailbox.store.Outcome;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/**
 * A round of appends on its way, with the blobs that it takes along; without appends, blobs alone.
 *
 * @param blobs that its events name, each once
 * @param carried blobs that are written with it
 * @param deadline until when it may be tried, as {@link System#nanoTime} counts
 * @param weight in octets
 */
record AppendRound(
    List<Append> appends,
    Set<BlobId> blobs,
    List<Held> carried,
    long deadline,
    long weight,
    CompletableFuture<List<Outcome>> answer) {
  /** What an append, an event or a blob weighs beside its octets. */
  private static final int OVERHEAD = 200;

  static AppendRound of(
      List<Append> appends, Set<BlobId> blobs, List<Held> carried, long deadline) {
    long weight = OVERHEAD;
    for (Append append : appends) {
      weight += OVERHEAD;
      for (Event event : append.events()) {
        weight += OVERHEAD + event.payload().size();
      }
    }
    for (Held held : carried) {
      weight += OVERHEAD + held.weight();
    }
    return new AppendRound(
        List.copyOf(appends),
        blobs,
        List.copyOf(carried),
        deadline,
        weight,
        new CompletableFuture<>());
  }

  boolean isOnAny(Set<LogName> logs) {
    for (Append append : appends) {
      if (logs.contains(append.log())) {
        return true;
      }
    }
    return false;
  }

  /** The blobs that the events of appends name. */
  static Set<BlobId> blobsOf(List<Append> appends) {
    Set<BlobId> blobs = new LinkedHashSet<>();
    for (Append append : appends) {
      for (Event event : append.events()) {
        blobs.addAll(event.blobs());
      }
    }
    return blobs;
  }
}
