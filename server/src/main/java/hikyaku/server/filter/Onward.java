package hikyaku.server.filter;

import hikyaku.server.dkim.Sealer;
import hikyaku.server.srs.ReturnPaths;

/**
 * What is done to mail that goes on to another service.
 *
 * @param returnPaths makes its sender
 * @param sealer tells what was found when it came
 */
public record Onward(ReturnPaths returnPaths, Sealer sealer) {
  /** Nothing. */
  public static final Onward AS_IT_CAME = new Onward(ReturnPaths.NONE, Sealer.NONE);
}
