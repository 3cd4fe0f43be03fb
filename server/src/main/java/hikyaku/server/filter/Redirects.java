package hikyaku.server.filter;

import hikyaku.protocol.address.AddressException;
import hikyaku.protocol.address.MailAddress;
import hikyaku.protocol.smtp.Mailbox;
import hikyaku.server.directory.Address;
import hikyaku.server.directory.Directory;
import hikyaku.server.directory.Resolution;
import hikyaku.server.directory.Writers;
import hikyaku.server.filter.SieveSettings.Redirection;
import java.util.List;
import java.util.Optional;

/** Where redirected mail can go. */
@FunctionalInterface
public interface Redirects {
  /** Behind what is none. */
  String NO_ADDRESS = " is no address that mail can be redirected to";

  /** Asks for an address as a script has it. */
  Way way(String address);

  /** The way of redirected mail. */
  sealed interface Way {
    /**
     * To accounts here, and to whom an alias of ours leads elsewhere.
     *
     * @param elsewhere mostly empty
     */
    record Here(List<Resolution.Target> targets, List<Mailbox> elsewhere) implements Way {}

    /** To another service. */
    record Elsewhere(Mailbox address) implements Way {}

    /**
     * Nowhere.
     *
     * @param why a sentence for the script's author
     */
    record Nowhere(String why) implements Way {}
  }

  /** As far as scripts may send mail. */
  static Redirects of(Directory directory, Redirection redirection) {
    return address -> {
      if (redirection == Redirection.NOWHERE) {
        return new Way.Nowhere("this service redirects no mail");
      }
      MailAddress parsed;
      try {
        parsed = MailAddress.parse(address);
      } catch (AddressException e) {
        return new Way.Nowhere(address + NO_ADDRESS);
      }
      // No address of ours is a literal, and to others mail is not sent from here.
      Optional<Address> canonical = Address.of(parsed);
      return canonical
          .map(directory::resolve)
          .map(resolution -> way(resolution, parsed, canonical.get(), redirection))
          .orElse(new Way.Nowhere(address + NO_ADDRESS));
    };
  }

  private static Way way(
      Resolution resolution, MailAddress address, Address canonical, Redirection redirection) {
    return switch (resolution) {
      case Resolution.Local local when local.writers() != Writers.ANYONE ->
          // Whoever wrote to the script's account did not write to that address.
          new Way.Nowhere("not everybody may write to " + address);
      case Resolution.Local local when !local.lists().isEmpty() ->
          new Way.Nowhere(address + " is a mailing list, to which mail is not redirected");
      case Resolution.Local local
          when local.targets().stream().allMatch(t -> t.account().routing().backend().isEmpty()) ->
          new Way.Here(
              local.targets(),
              local.elsewhere().stream()
                  .map(each -> new Mailbox(each.localPart(), each.domain()))
                  .toList());
      case Resolution.Local _ -> new Way.Nowhere("another server has the mail of " + address);
      case Resolution.NotLocal _ when redirection == Redirection.ANYWHERE ->
          new Way.Elsewhere(new Mailbox(address.localPart(), canonical.domain()));
      case Resolution.NotLocal _ ->
          new Way.Nowhere(
              address + " is of another mail service, and this one redirects to its own alone");
      case Resolution.UnknownRecipient _ -> new Way.Nowhere("there is nobody at " + address);
      case Resolution.Suspended _ -> new Way.Nowhere(address + " takes no mail now");
      case Resolution.TooManyExpansions _ ->
          new Way.Nowhere(address + " stands for too many others");
    };
  }
}
