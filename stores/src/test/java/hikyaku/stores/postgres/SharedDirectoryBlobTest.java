package hikyaku.stores.postgres;

import hikyaku.mailbox.store.BlobContract;
import hikyaku.mailbox.store.Store;
import java.nio.file.Path;
import java.time.Clock;

final class SharedDirectoryBlobTest extends BlobContract {
  @Override
  protected Store open(Path place, Clock time) {
    return PostgresStore.open(
        TestServer.settings(place).withBlobDirectory(SharedDirectory.first(place)), time);
  }
}
