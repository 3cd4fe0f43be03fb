package hikyaku.stores.postgres;

import hikyaku.mailbox.store.Store;
import hikyaku.mailbox.store.StoreContract;
import java.nio.file.Path;
import java.time.Clock;

/** With contents in a shared directory. */
final class BlobFilesContractTest extends StoreContract {
  @Override
  protected Store open(Path directory, Clock clock) {
    return PostgresStore.open(
        TestServer.settings(directory).withBlobDirectory(directory.resolve("blobs")), clock);
  }
}
