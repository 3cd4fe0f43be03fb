package hikyaku.mailbox.store;

import java.nio.file.Path;
import java.time.Clock;
import org.junit.jupiter.api.Nested;

/** What every engine must do. An engine's test extends this and says how it is opened. */
public abstract class StoreContract {
  /**
   * Opens the store that is kept in this directory, or a new one. The one opened before has been
   * closed.
   */
  protected abstract Store open(Path directory, Clock clock);

  @Nested
  class Logs extends LogContract {
    @Override
    protected Store open(Path place, Clock time) {
      return StoreContract.this.open(place, time);
    }
  }

  @Nested
  class Snapshots extends SnapshotContract {
    @Override
    protected Store open(Path place, Clock time) {
      return StoreContract.this.open(place, time);
    }
  }

  @Nested
  class Changes extends ChangesContract {
    @Override
    protected Store open(Path place, Clock time) {
      return StoreContract.this.open(place, time);
    }
  }

  @Nested
  class Blobs extends BlobContract {
    @Override
    protected Store open(Path place, Clock time) {
      return StoreContract.this.open(place, time);
    }
  }

  @Nested
  class Concurrency extends ConcurrencyContract {
    @Override
    protected Store open(Path place, Clock time) {
      return StoreContract.this.open(place, time);
    }
  }

  @Nested
  class Model extends ModelContract {
    @Override
    protected Store open(Path place, Clock time) {
      return StoreContract.this.open(place, time);
    }
  }
}
