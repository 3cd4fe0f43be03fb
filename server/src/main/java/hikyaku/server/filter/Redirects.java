package hikyaku.server.filter;

import hikyaku.protocol.address.AddressException;
import hikyaku.protocol.address.MailAddress;
import hikyaku.server.directory.Address;
import hikyaku.server.directory.Directory;
import hikyaku.server.directory.Resolution;
import java.util.List;
import java.util.Optional;

/** Where redirected mail can go. */
@FunctionalInterface
public interface Redirects {
  /** Asks for an address as a script has it. */
  Way way(String address);

  /** The way of redirected mail. */
  sealed interface Way {
    /** To accounts here. */
    record Here(List<Resolution.Target> targets) implements Way {}

    /**
     * Nowhere.
     *
     * @param why a sentence for the script's author
     */
    record Nowhere(String why) implements Way {}
  }

  /** To accounts of this service and nobody else. */
  static Redirects within(Directory directory) {
    return address -> {
      Optional<Address> here;
      try {
        here = Address.of(MailAddress.parse(address));
      } catch (AddressException e) {
        here = Optional.empty();
      }
      return here.map(directory::resolve)
          .map(resolution -> way(resolution, address))
          .orElse(new Way.Nowhere(address + " is no address that mail can be redirected to"));
    };
  }

  private static Way way(Resolution resolution, String address) {
    return switch (resolution) {
      case Resolution.Local(List<Resolution.Target> targets)
          when targets.stream().allMatch(t -> t.account().routing().backend().isEmpty()) ->
          new Way.Here(targets);
      case Resolution.Local _ -> new Way.Nowhere("another server has the mail of " + address);
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
