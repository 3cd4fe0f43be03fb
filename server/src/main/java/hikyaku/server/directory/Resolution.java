package hikyaku.server.directory;

import java.util.List;

/**
 * What a recipient address stands for. The replies named are those of SMTP and LMTP to RCPT (RFC
 * 5321 §4.2.3, RFC 3463).
 */
public sealed interface Resolution {

  /**
   * Mail for it is taken here.
   *
   * @param targets an account appears once, however many ways lead to it
   * @param elsewhere addresses of other services that an alias leads to, each once
   * @param lists mailing lists, each once; of all three together there is at least one
   * @param writers who may write to it: as the alias that was written to says, not those behind it
   */
  record Local(List<Target> targets, List<Address> elsewhere, List<Listed> lists, Writers writers)
      implements Resolution {
    public Local {
      targets = List.copyOf(targets);
      elsewhere = List.copyOf(elsewhere);
      lists = List.copyOf(lists);
      if (targets.isEmpty() && elsewhere.isEmpty() && lists.isEmpty()) {
        throw new IllegalArgumentException("local, but nobody");
      }
    }

    /** Accounts alone, which anyone may write to. */
    public Local(List<Target> targets) {
      this(targets, List.of(), Writers.ANYONE);
    }

    /** No mailing lists. */
    public Local(List<Target> targets, List<Address> elsewhere, Writers writers) {
      this(targets, elsewhere, List.of(), writers);
    }
  }

  /** The domain is ours and nobody has the address: {@code 550 5.1.1}. */
  record UnknownRecipient() implements Resolution {}

  /** The domain is not ours: {@code 550 5.7.1} unless relaying for this client. */
  record NotLocal() implements Resolution {}

  /** All that the address leads to are suspended: {@code 550 5.2.1}. */
  record Suspended() implements Resolution {}

  /**
   * Aliases lead round in a circle, too deep, or to too many accounts: {@code 451 4.3.5}, for it is
   * our own mistake, which an operator can mend while the sender retries.
   *
   * @param cause for our log
   */
  record TooManyExpansions(String cause) implements Resolution {}

  /**
   * A mailing list that the mail is for.
   *
   * @param list its address
   * @param token what follows the plus sign in the address, or empty
   */
  record Listed(Address list, ListRole role, String token) {}

  /**
   * An account that the mail goes to.
   *
   * @param account not suspended
   * @param reachedBy the address of the account by which it was reached, after aliases and
   *     catch-all, without the detail
   * @param detail what followed the separator of the sub-address (RFC 5233), or empty
   */
  record Target(Account account, Address reachedBy, String detail) {}
}
