package hikyaku.systemtests.chaos;

import java.io.IOException;
import java.util.List;

/** What the nodes share: PostgreSQL on machines of its own. */
sealed interface Database permits OneServer, Patroni {
  /** Its machines that nodes talk to. */
  List<String> servers();

  /** Starts it for the first time, and returns when it serves. */
  void make() throws IOException, InterruptedException;

  /** What a node is told of it: lines of {@code [store.postgres]}. */
  String settings();
}
