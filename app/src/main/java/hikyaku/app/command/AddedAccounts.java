package hikyaku.app.command;

import hikyaku.app.Door;
import hikyaku.app.Door.Call;
import hikyaku.app.Failure;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import tools.jackson.databind.JsonNode;

/**
 * What became of the accounts of a file.
 *
 * @param views the accounts that were made, in the order of the file
 * @param refusals a sentence for each that was not
 */
record AddedAccounts(List<JsonNode> views, List<String> refusals) {
  /**
   * Accounts made at once: a core hashes one password at a time, and logins that come meanwhile
   * must not wait behind a long row of them.
   */
  private static final int AT_ONCE = Math.clamp(Runtime.getRuntime().availableProcessors(), 1, 8);

  /** Makes them all; one that is refused does not stop the others. */
  static AddedAccounts make(Door door, List<AccountFile.Entry> entries) throws Failure {
    AddedAccounts added = new AddedAccounts(new ArrayList<>(), new ArrayList<>());
    try (ExecutorService threads = Executors.newFixedThreadPool(AT_ONCE)) {
      List<Future<JsonNode>> answers = new ArrayList<>();
      for (AccountFile.Entry entry : entries) {
        answers.add(
            threads.submit(() -> door.call(Call.of("POST", "accounts").withBody(entry.account()))));
      }
      for (int i = 0; i < answers.size(); i++) {
        added.take(entries.get(i), answers.get(i));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new Failure("Interrupted; some accounts may have been made.", e);
    }
    return added;
  }

  private void take(AccountFile.Entry entry, Future<JsonNode> answer) throws InterruptedException {
    try {
      views.add(answer.get());
    } catch (ExecutionException e) {
      if (!(e.getCause() instanceof Failure refusal)) {
        throw new IllegalStateException(e.getCause());
      }
      refusals.add(
          "Line " + entry.line() + ", " + entry.account().address() + ": " + refusal.getMessage());
    }
  }
}
