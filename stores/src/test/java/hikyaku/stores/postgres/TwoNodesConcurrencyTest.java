package hikyaku.stores.postgres;

import hikyaku.mailbox.store.ConcurrencyContract;
import hikyaku.mailbox.store.Store;
import java.nio.file.Path;
import java.time.Clock;

final class TwoNodesConcurrencyTest extends ConcurrencyContract {
  @Override
  protected Store open(Path place, Clock time) {
    return new TwoNodes(TestServer.settings(place), time);
  }
}
