package hikyaku.mailbox.view;

import hikyaku.mailbox.store.Store;
import hikyaku.mailbox.store.memory.MemoryStore;
import java.nio.file.Path;
import java.time.Clock;
import org.jspecify.annotations.Nullable;

final class BriefsTest extends BriefsContract {
  private @Nullable MemoryStore last;

  @Override
  protected Store open(Path directory, Clock clock) {
    last = last == null ? new MemoryStore(clock) : last.reopen();
    return last;
  }
}
