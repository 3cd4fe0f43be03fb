package hikyaku.server.synthetic;

import hikyaku.mailbox.store.BlobStore;
import hikyaku.mailbox.store.LogStore;
import hikyaku.mailbox.store.Store;
import hikyaku.mailbox.store.StoreStatistics;
import java.util.function.Consumer;

/** A store with {@link LogsBelow}; the store itself is somebody else's to close. */
record StoreBelow(Store whole, LogStore logs) implements Store {
  @Override
  public BlobStore blobs() {
    return whole.blobs();
  }

  @Override
  public Verified verify(Consumer<String> problems) {
    return whole.verify(problems);
  }

  @Override
  public StoreStatistics statistics() {
    return whole.statistics();
  }

  @Override
  public void close() {}
}
