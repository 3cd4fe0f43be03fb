package hikyaku.stores.base;

import hikyaku.mailbox.store.StoreException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * What failed in work over many files, where one that cannot be handled does not keep the others
 * from it. Told in one line at the end.
 */
public final class Snags {
  private long count;
  private @Nullable StoreException first;

  /** Does a part of the work, or notes that it has failed. */
  public void at(Runnable work) {
    try {
      work.run();
    } catch (StoreException e) {
      note(e);
    }
  }

  /** Notes a part that has failed. */
  public void note(StoreException failure) {
    count++;
    if (first == null) {
      first = failure;
    }
  }

  /** Tells of the failures, if there were any, with the cause of the first. */
  public void tell(Logger log, String what) {
    if (count > 0) {
      log.atWarn().setCause(first).addKeyValue("count", count).log(what);
    }
  }
}
