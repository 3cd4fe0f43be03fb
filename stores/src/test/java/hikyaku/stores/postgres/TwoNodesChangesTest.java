package hikyaku.stores.postgres;

import hikyaku.mailbox.store.ChangesContract;
import hikyaku.mailbox.store.Store;
import java.nio.file.Path;
import java.time.Clock;

final class TwoNodesChangesTest extends ChangesContract {
  @Override
  protected Store open(Path place, Clock time) {
    return new TwoNodes(TestServer.settings(place), time);
  }
}
