package hikyaku.stores.postgres;

import hikyaku.mailbox.store.Store;
import hikyaku.mailbox.view.BriefsContract;
import java.nio.file.Path;
import java.time.Clock;

final class PostgresBriefsTest extends BriefsContract {
  @Override
  protected Store open(Path directory, Clock clock) {
    return PostgresStore.open(TestServer.settings(directory), clock);
  }
}
