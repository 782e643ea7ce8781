"""From pictures to landmarks: detectors, localizers and what runs them."""
