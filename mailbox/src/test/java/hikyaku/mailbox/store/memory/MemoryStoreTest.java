package hikyaku.mailbox.store.memory;

import hikyaku.mailbox.store.Store;
import hikyaku.mailbox.store.StoreContract;
import java.nio.file.Path;
import java.time.Clock;

final class MemoryStoreTest extends StoreContract {
  private MemoryStore last;

  @Override
  protected Store open(Path directory, Clock clock) {
    last = last == null ? new MemoryStore(clock) : last.reopen();
    return last;
  }
}
