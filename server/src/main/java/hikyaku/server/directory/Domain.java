package hikyaku.server.directory;

import java.util.List;

/**
 * A domain whose mail is ours.
 *
 * @param name in A-labels and lower case
 * @param settings as last set
 * @param suspended whether all its accounts are suspended
 * @param admins ids of the accounts that look after it, in the order in which they were named
 */
public record Domain(String name, DomainSettings settings, boolean suspended, List<String> admins) {
  public Domain {
    admins = List.copyOf(admins);
  }
}
