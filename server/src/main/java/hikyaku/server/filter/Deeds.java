package hikyaku.server.filter;

import hikyaku.protocol.sieve.Outcome;
import hikyaku.protocol.sieve.ScriptName;
import hikyaku.server.directory.Account;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What scripts did with a message, in words for logs: names of scripts, mailboxes and addresses,
 * and nothing else of what a script or a message says.
 */
final class Deeds {
  private final List<String> told = new ArrayList<>();

  List<String> told() {
    return told;
  }

  /** Those of an account. */
  Deeds.Of of(Account account) {
    return new Of(account.primary() + ": ");
  }

  /** Those of an account. */
  final class Of {
    private final String account;

    private Of(String account) {
      this.account = account;
    }

    void ran(List<ScriptName> scripts) {
      if (!scripts.isEmpty()) {
        told.add(
            account
                + "ran "
                + String.join(", ", scripts.stream().map(ScriptName::toString).toList()));
      }
    }

    /**
     * @param what a command with what it is about
     * @param script that wanted it; nothing if none did
     */
    void did(String what, Optional<ScriptName> script) {
      script.ifPresent(by -> told.add(account + what + ", by " + by));
    }

    /**
     * What was wanted and is not done.
     *
     * @param why in half a sentence
     */
    void left(String what, Optional<ScriptName> script, String why) {
      told.add(account + what + script.map(by -> ", by " + by).orElse("") + ", not done: " + why);
    }

    /**
     * @param left why it is not done; nothing if it is
     */
    void tell(String what, Optional<ScriptName> script, Optional<String> left) {
      left.ifPresentOrElse(why -> left(what, script, why), () -> did(what, script));
    }

    /** Of what a failed run wanted nothing is done; the line is 0 if none is to blame. */
    void failed(Outcome.Problem problem) {
      String line = problem.line() == 0 ? "" : " in line " + problem.line();
      told.add(account + problem.script() + " failed" + line);
    }
  }
}
