package hikyaku.app;

import hikyaku.app.config.Log;
import hikyaku.server.ops.Journal;
import hikyaku.server.ops.JournalSearch;
import java.io.IOException;

/** The journal of a process, from its start to its end. */
final class Journals {
  private Journals() {}

  /**
   * Begins to keep one, if the configuration wants it, and gives what searches it.
   *
   * @param opened closes it
   */
  static JournalSearch open(Opened opened, DataDirectory data, Log log) throws IOException {
    if (log.journal() == 0) {
      return new JournalSearch(data.journal(), null);
    }
    Journal journal = opened.add(Journal.open(data.journal(), log.journal(), log.journalAge()));
    opened.add(Logging.keep(journal));
    return new JournalSearch(data.journal(), journal);
  }
}
