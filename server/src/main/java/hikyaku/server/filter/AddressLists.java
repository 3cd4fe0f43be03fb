package hikyaku.server.filter;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.protobuf.ByteString;
import hikyaku.mailbox.account.FolderTree;
import hikyaku.protocol.address.AddressException;
import hikyaku.protocol.address.MailAddress;
import hikyaku.protocol.sieve.ExternalList;
import hikyaku.server.directory.Account;
import hikyaku.server.directory.Address;
import hikyaku.server.directory.Directory;
import hikyaku.server.directory.Resolution;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The lists that an account's scripts can name (RFC 6134): its own, which it keeps as an
 * annotation, and the groups that it is in. What other groups are made of is nothing that a script
 * is told.
 */
public final class AddressLists {
  /** The annotation of the account that has its own list (RFC 5464), an address in each line. */
  static final String ENTRY = "/private/vendor/hikyaku/addresses";

  /** A tag (RFC 4151 §2.1) of a domain: its alias of the local part at the end, at any date. */
  private static final Pattern TAG =
      Pattern.compile("(?i:tag):([^,@:]+),[0-9]{4}(?:-[0-9]{2}(?:-[0-9]{2})?)?:([^#/?]+)");

  private AddressLists() {}

  static Optional<ExternalList> of(
      Directory directory, FolderTree tree, Account account, String name) {
    if (name.equals(ExternalList.DEFAULT_BOOK)) {
      return Optional.of(
          book(tree.annotations().getOrDefault(ENTRY, ByteString.EMPTY).toString(UTF_8)));
    }
    Matcher tag = TAG.matcher(name);
    return tag.matches()
        ? Address.of(tag.group(2), tag.group(1)).flatMap(each -> group(directory, account, each))
        : Optional.empty();
  }

  /** The account's own list. */
  private record Book(List<MailAddress> recipients, Set<Address> members) implements ExternalList {
    @Override
    public boolean has(MailAddress address) {
      return Address.of(address).filter(members::contains).isPresent();
    }
  }

  /**
   * A list that somebody keeps.
   *
   * @param lines an address in each, with a name before it or without; others are passed over
   */
  public static ExternalList book(String lines) {
    List<MailAddress> recipients = new ArrayList<>();
    Set<Address> members = new HashSet<>();
    for (String line : lines.split("\\R", -1)) {
      Optional<MailAddress> address = written(line);
      if (address.flatMap(Address::of).filter(members::add).isPresent()) {
        recipients.add(address.get());
      }
    }
    return new Book(List.copyOf(recipients), members);
  }

  /** The address of a line, with a name before it or without; nothing if there is none. */
  private static Optional<MailAddress> written(String line) {
    int bracket = line.lastIndexOf('<');
    String address = bracket < 0 ? line : line.substring(bracket + 1).replace(">", "");
    try {
      return Optional.of(MailAddress.parse(address.strip()));
    } catch (AddressException e) {
      return Optional.empty();
    }
  }

  /** An alias that leads to the account. */
  private record Group(Directory directory, Address alias, Resolution.Local all)
      implements ExternalList {
    @Override
    public boolean has(MailAddress address) {
      Optional<Address> asked = Address.of(address);
      if (asked.isEmpty()) {
        return false;
      }
      if (all.elsewhere().contains(asked.get())) {
        return true;
      }
      return directory.domain(asked.get().domain()).isPresent()
          && directory.resolve(asked.get()) instanceof Resolution.Local one
          && one.targets().size() == 1
          && one.elsewhere().isEmpty()
          && one.lists().isEmpty()
          && leadsTo(all, one.targets().getFirst().account());
    }

    /** The alias does the rest, within its own limits and with its own look-out for loops. */
    @Override
    public List<MailAddress> recipients() {
      return List.of(new MailAddress(alias.localPart(), alias.domain()));
    }
  }

  private static Optional<ExternalList> group(Directory directory, Account account, Address alias) {
    return directory.alias(alias).isPresent()
            && directory.resolve(alias) instanceof Resolution.Local all
            && leadsTo(all, account)
        ? Optional.of(new Group(directory, alias, all))
        : Optional.empty();
  }

  private static boolean leadsTo(Resolution.Local alias, Account account) {
    return alias.targets().stream().anyMatch(each -> each.account().id().equals(account.id()));
  }
}
