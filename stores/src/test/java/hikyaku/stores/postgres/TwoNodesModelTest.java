package hikyaku.stores.postgres;

import hikyaku.mailbox.store.ModelContract;
import hikyaku.mailbox.store.Store;
import java.nio.file.Path;
import java.time.Clock;

final class TwoNodesModelTest extends ModelContract {
  @Override
  protected Store open(Path place, Clock time) {
    return new TwoNodes(TestServer.settings(place), time);
  }
}
