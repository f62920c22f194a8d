/** Where the page begins. */

import { showFault } from "./fault_screens.js";
import { Journey } from "./journey.js";
import { LinkFault, readPlace } from "./session.js";

const place = readPlace(location);
if (place) void new Journey(place).begin();
else showFault(new LinkFault("incomplete", ""), () => location.reload());

// another link pasted over this one is another visit
addEventListener("hashchange", () => location.reload());
